import { existsSync } from 'node:fs';
import { linkTo } from '#api/link.ts';
import { issueSetUpCode, linkIssuer } from '#app/set-up/link.ts';
import type { Config } from '#config/read-config.ts';
import { askControl } from './control.ts';
import { pathsIn } from './data-folder.ts';
import { openInstance } from './instance.ts';
import { originOf } from './origin.ts';
import { err, notUnderstood, REFUSED, readWith, refused } from './serve-command.ts';

/** A new link for the first administrator: from the server that runs on this folder, or made here when none does. */
export async function setupLinkCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const read = readWith(args, env);
  if (!read.ok) return notUnderstood(read.problems);
  try {
    const answer = (await askControl(pathsIn(read.config.data).socket, 'setup-link')) ?? (await madeHere(read.config));
    if (answer.ok) process.stdout.write(`${answer.words}\n`);
    else err(`countersign: ${answer.words}`);
    return answer.ok ? 0 : REFUSED;
  } catch (error) {
    return refused(error);
  }
}

async function madeHere(config: Config): Promise<{ readonly ok: boolean; readonly words: string }> {
  if (!existsSync(pathsIn(config.data).database)) {
    return { ok: false, words: `There is no database in ${config.data} yet. Start the server with: npm start` };
  }
  const { deps, tenant, close } = await openInstance(config);
  try {
    const site = { tenant, origin: () => originOf(config.listen) };
    const link = linkTo(site, '/set-up', await issueSetUpCode(deps, linkIssuer(tenant, 'operator')));
    err('countersign: no server runs on this folder; the link works once one does');
    return { ok: true, words: link };
  } finally {
    await close();
  }
}
