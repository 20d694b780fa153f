import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { removeDeadSockets } from '#main/control.ts';
import { socketsIn } from '#main/data-folder.ts';
import { temporaryFolder } from '#support/folder.ts';
import { whenOver } from '#support/over.ts';
import { serving, spawned } from '#support/process.ts';

let data: string;
beforeEach(() => {
  data = join(temporaryFolder(), 'data');
  mkdirSync(data, { mode: 0o700 });
});

const LONG_AGO = 1;

/** Somebody who takes connections and says nothing, as a process that is stopped. */
async function silent(name: string, at = LONG_AGO) {
  const path = join(data, name);
  const server = createServer().listen(path);
  await once(server, 'listening');
  utimesSync(path, at, at);
  whenOver(() => void server.close());
  return { path, server };
}

/** What a process leaves that was killed. */
async function dead(name: string, at = LONG_AGO): Promise<void> {
  const { path, server } = await silent('made.sock', at);
  renameSync(path, join(data, name)); // or it would go with the server
  await new Promise((closed) => server.close(closed));
}

test('of sockets those go that nobody has listened on for long; a live one stays, and one that has just been made', async () => {
  await dead('control-dead0001.sock');
  await dead('control-young001.sock', Date.now() / 1_000);
  await silent('control-live0001.sock');
  await removeDeadSockets([...socketsIn(data), join(data, 'control-gone0001.sock')]);
  expect(readdirSync(data).sort()).toEqual(['control-live0001.sock', 'control-young001.sock']);
});

test('a start removes those of killed processes; an operator is answered by one that lives, past one that hangs', async () => {
  await dead('control-dead0001.sock');
  const { path } = await silent('control-aaaaaaaa.sock');
  const served = await serving(data);
  expect(readdirSync(data).filter((name) => name.endsWith('.sock'))).toEqual(['control-aaaaaaaa.sock', 'control.sock']);
  expect(await spawned(['jobs', '--json', '--data', data]).ended).toMatchObject({ code: 0 });
  served.process.kill('SIGKILL');
  await served.ended;
  expect(await spawned(['setup-link', '--data', data]).ended).toMatchObject({
    code: 1,
    said: expect.stringContaining(`listens on ${path} did not answer within 5 s`),
  });
});
