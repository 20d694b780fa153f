import { askControl } from './control.ts';
import { pathsIn } from './data-folder.ts';
import { err, notUnderstood, REFUSED, readWith, refused } from './serve-command.ts';

/** A new link for the first administrator, from the server that runs on this folder. */
export async function setupLinkCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const read = readWith(args, env);
  if (!read.ok) return notUnderstood(read.problems);
  try {
    const answer = (await askControl(pathsIn(read.config.data).socket, 'setup-link')) ?? noServer(read.config.data);
    if (answer.ok) process.stdout.write(`${answer.words}\n`);
    else err(`countersign: ${answer.words}`);
    return answer.ok ? 0 : REFUSED;
  } catch (error) {
    return refused(error);
  }
}

/** Made without one, a link would never work: a start makes its own, and every earlier one stops working. */
const noServer = (folder: string) =>
  ({
    ok: false,
    words: `No server runs on ${folder}. Start it with: npm start. It prints a link itself, until there is an administrator.`,
  }) as const;
