import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { ENGINE } from '#support/database.ts';
import { databaseEnvOf, knownDatabaseEnvOf } from '#support/database-of.ts';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { bootstrapToken, type Served, serving, unattended } from '#support/process.ts';
import { JSON_TYPE } from '#support/world.ts';
import { commandIn, typed } from './commands.ts';

const TOOL = ENGINE === 'postgres' ? 'postgresql' : 'sqlite3';
const [CREATORS, BEFORE] = [4, 40];

type Made = { readonly value: Sensitive; readonly answeredAt: number };

/** Creates one token after the other until it is told to stop; every one that was answered. */
function creating({ send }: Served, token: Sensitive, name: string) {
  const made: Made[] = [];
  let isOver = false;
  const running = (async () => {
    for (let n = 0; !isOver; n++) {
      const body = JSON.stringify({ name: `${name}-${n}` });
      const answer = await send({ method: 'POST', path: '/api/v1/tokens', token, headers: JSON_TYPE, body });
      expect(answer.status).toBe(200);
      made.push({ value: new Sensitive(JSON.parse(answer.text).value), answeredAt: performance.now() });
    }
  })();
  return {
    made,
    async stop() {
      isOver = true;
      await running;
    },
  };
}

const works = async ({ send }: Served, token: Sensitive): Promise<number> =>
  (await send({ method: 'GET', path: '/api/v1/whoami', token })).status;

test.skipIf(!has(TOOL))(
  needing(TOOL, 'a back-up made by the page while tokens are created restores with all that was answered before it'),
  { timeout: 120_000 },
  async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    const served = await serving(data, unattended(data));
    const token = bootstrapToken(data);
    const creators = Array.from({ length: CREATORS }, (_, n) => creating(served, token, `creator-${n}`));
    while (creators.some(({ made }) => made.length < BEFORE / CREATORS)) await works(served, token);
    const begunAt = performance.now();
    await BACK_UP[ENGINE](data, folder);
    for (const { stop } of creators) await stop();
    served.process.kill('SIGKILL');
    await served.ended;

    const restored = join(folder, 'restored');
    mkdirSync(restored, { mode: 0o700 });
    await RESTORE[ENGINE](folder, restored);
    copyFileSync(join(data, 'root.key'), join(restored, 'root.key'));
    expect(statSync(join(restored, 'root.key')).mode & 0o777).toBe(0o600);
    const again = await serving(restored);
    expect(await works(again, token)).toBe(200);
    const all = creators.flatMap(({ made }) => made);
    const before = all.filter(({ answeredAt }) => answeredAt < begunAt);
    expect(before.length).toBeGreaterThanOrEqual(BEFORE);
    for (const { value } of before) expect(await works(again, value)).toBe(200);
    for (const { value } of all) expect([200, 401]).toContain(await works(again, value));
  },
);

const BACK_UP = {
  sqlite: (_data: string, folder: string) => {
    usePart('sqlite3');
    return typed(commandIn('**Back up**', 'sqlite3'), folder);
  },
  postgres: (data: string, folder: string) => typed(commandIn('**Back up**', 'pg_dump'), folder, tools(data)),
} as const;

const RESTORE = {
  sqlite: async (folder: string, restored: string) =>
    copyFileSync(join(folder, 'countersign.bak'), join(restored, 'countersign.db')),
  postgres: async (folder: string, restored: string) => {
    await databaseEnvOf(restored);
    await typed(commandIn('**Restore**', 'pg_restore'), folder, tools(restored));
  },
} as const;

/** Its own tools, of its own version. */
function tools(data: string): Readonly<Record<string, string>> {
  const { bin } = usePart('postgresql');
  return { ...knownDatabaseEnvOf(data), PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}` };
}
