import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { onlyJob } from '#domain/job.ts';
import { temporaryFolder } from '#support/folder.ts';
import { serving, spawned } from '#support/process.ts';

const RETENTION = onlyJob('retention');

let data: string;
beforeEach(() => {
  data = join(temporaryFolder(), 'data');
});

const jobs = (...words: readonly string[]) => spawned(['jobs', ...words, '--data', data]).ended;

test('shows an operator what runs by itself, as a table and for programs, and has nothing run again that is not dead', async () => {
  await serving(data);
  const states = async () => JSON.parse((await jobs('--json')).said).map((one: { state: string }) => one.state);
  await expect.poll(states, { timeout: 15_000 }).toEqual(['waiting', 'waiting']);
  const waiting = { state: 'waiting', dueAt: expect.any(String), attempts: 0, lastError: null };
  const { code, said } = await jobs('--json');
  expect([code, JSON.parse(said)]).toEqual([
    0,
    expect.arrayContaining([
      { id: RETENTION, kind: 'retention', ...waiting },
      { id: onlyJob('account-rotation'), kind: 'account-rotation', ...waiting },
    ]),
  ]);
  expect((await jobs()).said).toMatch(
    new RegExp(
      `^\\| ID +\\| Kind .* \\| Last Error \\|\\n\\|[-|]+\\|\\n(?:\\| .*\\n)*\\| ${RETENTION} \\| retention +\\| waiting \\| .*\\n`,
    ),
  );
  expect(await jobs('retry', RETENTION)).toMatchObject({ code: 1, said: expect.stringContaining('is not dead') });
  const absent = onlyJob('token-uses');
  expect(await jobs('retry', absent)).toMatchObject({ code: 1, said: expect.stringContaining('nothing of that') });
});

test.each([
  [['retry'], 'Usage: countersign jobs retry ID [--data DIR]'],
  [['retry', 'a', 'b'], 'Usage: countersign jobs retry ID [--data DIR]'],
  [['all'], 'Usage: countersign jobs [--data DIR]'],
])('says how it is used where it is asked %j', async (words, usage) => {
  expect(await jobs(...words)).toMatchObject({ code: 2, said: expect.stringContaining(usage) });
});

test('needs a server that runs', async () => {
  expect(await jobs()).toMatchObject({ code: 1, said: expect.stringContaining('No server runs on') });
});
