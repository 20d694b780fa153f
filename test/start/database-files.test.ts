import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { spawned } from '#support/process.ts';
import { doctor, PASSWORD } from './doctor.ts';

test('a file that the address of the database names and that is not there is named, and nothing else of the address', async () => {
  const folder = temporaryFolder();
  const [data, gone] = [join(folder, 'data'), join(folder, 'gone.pem')];
  const url = `postgres://app:${PASSWORD}@127.0.0.1:1/none?sslmode=verify-full&sslrootcert=${gone}`;
  const env = { COUNTERSIGN_DATABASE_URL: url };
  const words = `The file ${gone} named in COUNTERSIGN_DATABASE_URL cannot be read (ENOENT).`;
  const [serve, check, { code, checks }] = await Promise.all([
    spawned(['serve', '--listen', '127.0.0.1:0', '--data', data], env).ended,
    spawned(['config', 'check', '--data', data], env).ended,
    doctor(data, { env }),
  ]);
  expect(serve).toMatchObject({ code: 1, said: `countersign: ${words}\n` });
  expect(check.said.split('\n')).toContain(`countersign: ${words}`);
  expect([check.code, check.said.includes(PASSWORD)]).toEqual([1, false]);
  expect([code, checks.database]).toEqual([1, { state: 'failed', found: words, remedy: null }]);
  expect(existsSync(data)).toBe(false);
});
