import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { bootstrapToken, type Served, serve, serving, spawned, unattended } from '#support/process.ts';

const WHOAMI = '/api/v1/whoami';
const ROOT_KEY_BYTES = 32;
const hasIpv6 = Object.values(networkInterfaces()).some((at) => at?.some(({ address }) => address === '::1'));

let data: string;
beforeEach(() => {
  data = join(temporaryFolder(), 'data');
});

/** Refused, in words that say this and no trace. */
const refusal = (...words: readonly string[]) => ({
  code: 1,
  said: expect.toSatisfy((said: string) => words.every((one) => said.includes(one)) && !/\n\s+at /.test(said)),
});

async function stopped(served: Served): Promise<void> {
  served.process.kill('SIGTERM');
  expect(await served.ended).toMatchObject({ code: 0 });
}

/** Begun, and nobody on it any more. */
async function begun(): Promise<void> {
  await stopped(await serving(data));
}

const whoami = async (served: Served) =>
  (await served.send({ method: 'GET', path: WHOAMI, token: bootstrapToken(data) })).status;

describe('what is given', () => {
  test.each([
    { args: [], said: ['no command given', 'Usage: countersign'] },
    { args: ['sevre'], said: ['there is no command sevre', 'Usage: countersign'] },
    { args: ['constructor'], said: ['there is no command constructor'] },
    { args: ['serve', '--lisen', '127.0.0.1:0'], said: ["Unknown option '--lisen'"] },
    { args: ['serve', 'now'], said: ['Unexpected argument'] },
    { args: ['serve', '--listen', '0.0.0.0:80'], said: ['--listen must be a loopback address', 'Do one of three'] },
    { args: ['serve', '--listen', '127.999.1.1:80'], said: ['--listen must be host:port with the host by number'] },
    { args: ['serve', '--data', ''], said: ['--data must not be empty'] },
    { args: ['setup-link', '--lisen', '127.0.0.1:0'], said: ["Unknown option '--lisen'"] },
  ])('$args is not understood: 2, and what is wrong', async ({ args, said }) => {
    const ended = await spawned(args).ended;
    expect(ended.code).toBe(2);
    for (const words of said) expect(ended.said).toContain(words);
  });

  test('everything that is wrong is said at once', async () => {
    const env = {
      COUNTERSIGN_LISTEN: '192.0.2.1:443',
      COUNTERSIGN_LISTNE: '127.0.0.1:80',
      COUNTERSIGN_TENANT: '…',
      COUNTERSIGN_LOG_LEVEL: 'loud',
      COUNTERSIGN_ADMIN_EMAIL: 'admin@example.com',
    };
    const { code, said } = await spawned(['serve'], env).ended;
    expect(code).toBe(2);
    expect(said.trimEnd().split('\n')).toEqual([
      'countersign: COUNTERSIGN_LISTNE is not a setting',
      expect.stringMatching(/^countersign: COUNTERSIGN_TENANT is not usable/),
      expect.stringMatching(/^countersign: COUNTERSIGN_LOG_LEVEL must be one of/),
      'countersign: COUNTERSIGN_ADMIN_EMAIL needs COUNTERSIGN_ADMIN_PASSWORD_FILE beside it',
      expect.stringMatching(/^countersign: COUNTERSIGN_LISTEN must be a loopback address/),
    ]);
  });

  test.each(['--help', 'help'])('%s says how it is used', async (args) => {
    expect(await spawned([args]).ended).toMatchObject({ code: 0, said: expect.stringMatching(/^Usage: countersign/) });
  });
});

describe('a port', () => {
  test('in use is refused with what to do, and is no reason to touch the data', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await new Promise((listening) => other.once('listening', listening));
    const { port } = other.address() as { port: number };
    const address = `127.0.0.1:${port}`;
    expect(await serve(data, { args: ['--listen', address] })).toMatchObject(
      refusal(`The address ${address} is in use by another program. Stop it, or choose another with --listen`),
    );
    await begun();
  });

  test.skipIf(!hasIpv6)('of the other loopback is served (needs IPv6)', async () => {
    const served = await serving(data, { args: ['--listen', '[::1]:0'] });
    expect(served.origin).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await fetch(`${served.origin}/health`)).toMatchObject({ status: 200 });
  });
});

describe('a data folder', () => {
  test('that is a file is refused, and left as it was', async () => {
    writeFileSync(data, 'mine');
    expect(await serve(data)).toMatchObject(refusal(`The data folder ${data} is not a folder`));
    expect(readFileSync(data, 'utf8')).toBe('mine');
  });

  test('inside a file is refused', async () => {
    writeFileSync(data, 'mine');
    expect(await serve(join(data, 'deeper'))).toMatchObject(
      refusal('is not a folder, or lies in something that is none'),
    );
  });

  test('of somebody else is refused with some of what lies there, and nothing is added to it', async () => {
    mkdirSync(data);
    const theirs = ['a.txt', 'b.txt', 'c.txt', 'd.txt'];
    for (const name of theirs) writeFileSync(join(data, name), '');
    expect(await serve(data)).toMatchObject(
      refusal(`holds other files (a.txt, b.txt, c.txt, …) and no database of Countersign. Choose another with --data.`),
    );
    expect(readdirSync(data)).toEqual(theirs);
  });

  test('that is the root of a file system, or holds a root key and a part of one, is taken', async () => {
    mkdirSync(join(data, 'lost+found'), { recursive: true });
    writeFileSync(join(data, 'root.key.countersign-part'), 'half');
    await begun();
    expect(readFileSync(join(data, 'root.key'))).toHaveLength(ROOT_KEY_BYTES);
    expect(readdirSync(data).sort()).toEqual(['countersign.db', 'lock.db', 'lost+found', 'root.key']);
  });

  test('too deep for a socket is refused before anything is made', async () => {
    const deep = join(data, 'd'.repeat(100));
    expect(await serve(deep)).toMatchObject(
      refusal('is too long for a socket. Choose a folder nearer to the root with --data.'),
    );
    expect(existsSync(data)).toBe(false);
  });

  test('and all that is in it is its owner’s alone', async () => {
    await serving(data, unattended(data));
    const mode = (name: string) => [name, (statSync(join(data, name)).mode & 0o777).toString(8)];
    expect([mode('.'), ...readdirSync(data).sort().map(mode)]).toEqual([
      ['.', '700'],
      ['bootstrap-token', '600'],
      ['control.sock', '600'],
      ['countersign.db', '600'],
      ['countersign.db-shm', '600'],
      ['countersign.db-wal', '600'],
      ['lock.db', '600'],
      ['root.key', '600'],
    ]);
  });

  test('has one process at a time, until it is gone, however it went', async () => {
    const first = await serving(data);
    expect(await serve(data)).toMatchObject(refusal('Another process holds', 'choose another folder with --data'));
    expect(await first.send({ method: 'GET', path: '/health' })).toMatchObject({ status: 200 });
    first.process.kill('SIGKILL');
    await first.ended;
    await begun();
  });
});

describe('a database', () => {
  const file = () => join(data, 'countersign.db');
  const sqlite = (sql: string) => {
    const database = new DatabaseSync(file(), { timeout: 5_000 });
    database.exec(sql);
    database.close();
  };

  test.each([
    {
      what: 'of another program',
      make: () => sqlite('create table theirs (x); insert into theirs values (1)'),
      said: 'is not one of Countersign',
    },
    { what: 'that is garbage', make: () => writeFileSync(file(), 'x'.repeat(5000)), said: 'is not a database' },
  ])('$what is refused, byte for byte as it was, and no root key is made', async ({ make, said }) => {
    mkdirSync(data);
    make();
    const bytes = readFileSync(file());
    expect(await serve(data)).toMatchObject(refusal(said, 'Choose another folder with --data.'));
    expect(readFileSync(file()).equals(bytes)).toBe(true);
    expect(existsSync(join(data, 'root.key'))).toBe(false);
  });

  test('of a newer program is refused with both ways out', async () => {
    await begun();
    sqlite(`insert into migration values (99, 'of tomorrow', 1)`);
    expect(await serve(data)).toMatchObject(
      refusal(
        'This database is at version 99',
        'Start the newer program, or restore a backup made before the upgrade.',
      ),
    );
  });
});

test('a tenant that is not there is refused: a typing error makes no second one', async () => {
  await begun();
  const there = 'There is no tenant defualt in this data folder; there is default. Set COUNTERSIGN_TENANT to it.';
  expect(await serve(data, { args: ['--tenant', 'defualt'] })).toMatchObject(refusal(there));
});

describe('a root key', () => {
  const key = () => join(data, 'root.key');

  test.each([
    { what: 'missing', replace: () => rmSync(key()), said: 'is missing' },
    {
      what: 'another',
      replace: () => writeFileSync(key(), Buffer.alloc(ROOT_KEY_BYTES, 5)),
      said: 'but the database was begun with',
    },
    { what: 'cut short', replace: () => writeFileSync(key(), 'short'), said: 'has 5 bytes, and should have 32' },
    { what: 'empty', replace: () => writeFileSync(key(), ''), said: 'has 0 bytes, and should have 32' },
  ])(
    'that is $what is refused with what to do, and never made anew; put back, all goes on',
    async ({ replace, said }) => {
      await stopped(await serving(data, unattended(data)));
      const [right, before] = [readFileSync(key()), readdirSync(data)];
      replace();
      const changed = existsSync(key()) ? readFileSync(key()) : undefined;
      expect(await serve(data)).toMatchObject(refusal(said, 'back from its backup'));
      expect(existsSync(key()) ? readFileSync(key()) : undefined).toEqual(changed);
      writeFileSync(key(), right, { mode: 0o600 });
      expect(await whoami(await serving(data))).toBe(200);
      expect(readdirSync(data)).toEqual(expect.arrayContaining(before));
    },
  );

  test('that lies there before the first start is taken', async () => {
    mkdirSync(data);
    const ours = Buffer.alloc(ROOT_KEY_BYTES, 7);
    writeFileSync(key(), ours, { mode: 0o600 });
    await begun();
    expect(readFileSync(key())).toEqual(ours);
  });

  test('can lie elsewhere, and is made there', async () => {
    const elsewhere = join(temporaryFolder(), 'the.key');
    await stopped(await serving(data, { args: ['--root-key-file', elsewhere] }));
    expect([readFileSync(elsewhere).length, statSync(elsewhere).mode & 0o777]).toEqual([ROOT_KEY_BYTES, 0o600]);
    expect(existsSync(key())).toBe(false);
    expect(await serve(data)).toMatchObject(refusal(`The root key ${key()} is missing`));
  });

  test('that others on this machine can read is refused before it is used', async () => {
    await begun();
    chmodSync(key(), 0o644);
    const what = `The root key ${key()} can be read or changed by other users of this machine (mode 644)`;
    expect(await serve(data)).toMatchObject(refusal(what, `chmod go-rwx ${key()}`));
    chmodSync(key(), 0o600);
    chmodSync(data, 0o777);
    expect(await serve(data)).toMatchObject(refusal(`The data folder ${data} can be read or changed by other users`));
  });

  test('that could not be made is refused before anything is', async () => {
    const file = join(data, '..', 'nowhere', 'the.key');
    expect(await serve(data, { args: ['--root-key-file', file] })).toMatchObject(
      refusal(`The root key ${file} cannot be made: its folder ${join(file, '..')} is not there.`),
    );
    expect(existsSync(data)).toBe(false);
  });

  test('that is a folder is refused', async () => {
    mkdirSync(key(), { recursive: true });
    expect(await serve(data)).toMatchObject(refusal('is a folder, and should be a file'));
  });

  test('is never written through a link that somebody put there', async () => {
    mkdirSync(data);
    const target = join(temporaryFolder(), 'target');
    symlinkSync(target, key());
    expect(await serve(data)).toMatchObject(refusal(`The root key ${key()} is missing`));
    expect(existsSync(target)).toBe(false);
  });
});

describe('an unattended first start', () => {
  test('refuses a file that was put there first, never trusts it, and goes on when it is out of the way', async () => {
    const token = join(data, 'bootstrap-token');
    mkdirSync(data);
    writeFileSync(token, 'tfy_pat_planted');
    expect(await serve(data, unattended(data))).toMatchObject(
      refusal(`${token} is in the way: it does not hold the first token. Move it elsewhere, and start again`),
    );
    expect(readFileSync(token, 'utf8')).toBe('tfy_pat_planted');
    expect(readdirSync(data)).toEqual(['bootstrap-token']);
    renameSync(token, join(data, '..', 'planted'));
    const served = await serving(data, unattended(data));
    expect(bootstrapToken(data).reveal()).not.toBe('tfy_pat_planted');
    expect(await whoami(served)).toBe(200);
    expect(statSync(token).mode & 0o777).toBe(0o600);
  });

  test('that could not hand its token over says so at a start that is not asked to', async () => {
    await serve(data, { ...unattended(data), stopAt: 'bootstrap.part-written' });
    writeFileSync(join(data, 'bootstrap-token'), 'planted');
    expect(await serve(data, unattended(data))).toMatchObject(refusal('is in the way'));
    const served = await serving(data);
    expect(served.said()).toContain('A first token waits to be written: give --bootstrap-token-file again.');
    expect(served.said()).not.toContain('are ignored');
  });

  test('writes the file once: then it is its owner’s to remove, and the settings are ignored with one line', async () => {
    const first = await serving(data, unattended(data));
    expect(first.said()).not.toContain('ignored');
    await stopped(first);
    rmSync(join(data, 'bootstrap-token'));
    const second = await serving(data, unattended(data));
    expect(existsSync(join(data, 'bootstrap-token'))).toBe(false);
    expect(second.said().match(/settings of an unattended first start are ignored/g)).toHaveLength(1);
    expect(second.said()).not.toContain('/set-up#');
  });

  test('without an administrator whose the token would be is refused with what to set', async () => {
    const { args } = unattended(data);
    expect(await serve(data, { args })).toMatchObject(
      refusal('set COUNTERSIGN_ADMIN_EMAIL and COUNTERSIGN_ADMIN_PASSWORD_FILE'),
    );
    expect(existsSync(data)).toBe(false);
  });

  test.each([
    { what: 'is missing', make: (file: string) => rmSync(file), said: 'is not there' },
    { what: 'is too short', make: (file: string) => writeFileSync(file, 'short'), said: 'A password has 12 to 256' },
    { what: 'is empty', make: (file: string) => writeFileSync(file, ''), said: 'A password has 12 to 256' },
    {
      what: 'is a folder',
      make: (file: string) => {
        rmSync(file);
        mkdirSync(file);
        onTestFinished(() => rmSync(file, { recursive: true, force: true }));
      },
      said: 'is a folder, and should be a file',
    },
  ])('whose password file $what is refused, and made good by the next', async ({ make, said }) => {
    const { env, args } = unattended(data);
    make(env.COUNTERSIGN_ADMIN_PASSWORD_FILE ?? '');
    expect(await serve(data, { env, args })).toMatchObject(refusal(said));
    expect(existsSync(data)).toBe(false);
    rmSync(env.COUNTERSIGN_ADMIN_PASSWORD_FILE ?? '', { recursive: true, force: true });
    expect(await whoami(await serving(data, unattended(data)))).toBe(200);
  });

  test.each([
    { ends: 'no line break', text: 'battery staple horse' },
    { ends: 'LF', text: 'battery staple horse\n' },
    { ends: 'CRLF', text: 'battery staple horse\r\n' },
  ])('takes a password file that ends in $ends for the same password', async ({ text }) => {
    const { env } = unattended(data);
    writeFileSync(env.COUNTERSIGN_ADMIN_PASSWORD_FILE ?? '', text);
    const served = await serving(data, { env });
    const signIn = (password: string) =>
      served.send({
        method: 'POST',
        path: '/auth/sign-in',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify({ email: env.COUNTERSIGN_ADMIN_EMAIL, password }),
      });
    expect(await signIn('battery staple horse')).toMatchObject({ status: 200 });
    expect(await signIn('battery staple horse\n')).toMatchObject({ status: 401 });
  });

  test('refuses a bootstrap file whose folder is not there, before it makes anything', async () => {
    const { env } = unattended(data);
    const folder = join(data, '..', 'nowhere');
    const file = join(folder, 'token');
    expect(await serve(data, { env, args: ['--bootstrap-token-file', file] })).toMatchObject(
      refusal(`The file ${file} cannot be made: its folder ${folder} is not there. Make that, or choose another.`),
    );
    expect(existsSync(data)).toBe(false);
    mkdirSync(folder);
    await serving(data, { env, args: ['--bootstrap-token-file', file] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
