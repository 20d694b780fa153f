import { chmodSync, closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { has, needing } from '#support/parts.ts';
import { ownPostgres } from '#support/postgres.ts';
import { answers } from '#support/postgres-cluster.ts';
import { disk } from '../start/disk.ts';
import { defectsAt } from './database.ts';
import { create, neverTheCredential, nodeOn, standingOnceWell, untilWell, whoami } from './server.ts';

/** A new database and its log take a third of it. */
const SIZE = '320m';
const SETTINGS = { shared_buffers: '16MB', max_wal_size: '64MB', min_wal_size: '32MB' };
const CHUNKS = [1024 ** 2, 4096];
const CREATES_MAX = 3_000;

describe.skipIf(!has('postgresql') || !has('tmpfs'))(needing('tmpfs', 'the disk of a server'), () => {
  test('that fills up costs writes, says so in words, leaves nothing half, and with room again all goes on', {
    timeout: 120_000,
  }, async () => {
    const { folder } = disk(SIZE);
    const cluster = await clusterIn(folder);
    const url = cluster.url('postgres');
    const { served, token } = await nodeOn(url, { COUNTERSIGN_MAX_STALE_MS: '60000' });
    expect((await whoami(served, token)).status).toBe(200);
    fill(join(folder, 'filler'));
    const created = [];
    for (let n = 0; n < CREATES_MAX && created.at(-1)?.status !== 503; n++)
      created.push(await create(served, token, `late-${n}`));
    neverTheCredential(created);
    expect(created.at(-1)?.status).toBe(503);
    expect((await whoami(served, token)).status).toBe(200);
    rmSync(join(folder, 'filler'));
    await wait(1_000);
    if (!(await answers(url))) await cluster.start(); // it may have given up, as where its log had no room
    await untilWell(served, token);
    for (const { value } of created) if (value !== undefined) expect(await standingOnceWell(served, value)).toBe(200);
    served.process.kill('SIGTERM');
    expect(await served.ended).toMatchObject({ code: 0 });
    expect(defectsAt(url)).toEqual([]);
  });
});

/** Its data on this disk. */
async function clusterIn(folder: string) {
  for (const each of [dirname(folder), folder]) chmodSync(each, 0o711); // it runs as a user of its own
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  try {
    return await ownPostgres({ settings: SETTINGS });
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}

function fill(file: string): void {
  const to = openSync(file, 'a');
  for (const bytes of CHUNKS) while (hasTaken(to, bytes)) {}
  closeSync(to);
}

function hasTaken(file: number, bytes: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(bytes, 1)) === bytes;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
    return false;
  }
}
