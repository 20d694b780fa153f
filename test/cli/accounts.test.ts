import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { temporaryFolder } from '#support/folder.ts';
import { instance, memberOf } from '../clients/instance.ts';
import { atTerminal, countersign, pipeline } from './program.ts';

const server = await instance();
const env = pipeline(server);
const run = (...args: readonly string[]) => countersign(args, { env });
const json = async (...args: readonly string[]) => JSON.parse((await run(...args, '--json')).out);
const newFile = () => join(temporaryFolder(), 'token');
const valueIn = (file: string) => readFileSync(file, 'utf8').trim();
/** Whom a value speaks for. */
const whois = async (value: string) => {
  const { code, out } = await countersign(['whoami', '--json'], {
    env: pipeline({ origin: server.origin, token: new Sensitive(value) }),
  });
  return code === 0 ? JSON.parse(out).principal.name : code;
};

/** One with its token in a file. */
async function made(name: string, ...options: readonly string[]) {
  const file = newFile();
  const outcome = await run('va', 'create', name, '--out', file, ...options);
  expect(outcome).toMatchObject({ code: 0, err: '' });
  return { file, value: valueIn(file), out: outcome.out };
}

describe('an account is made', () => {
  test('as it is wished, and its token is in a file that only its maker reads, and nowhere else', async () => {
    expect((await run('teams', 'create', 'platform')).code).toBe(0);
    const wishes = [
      '--roles',
      'metrics-reader',
      '--team',
      'platform',
      '--days',
      '400',
      '--rotate',
      '90',
      '--grace',
      '7d',
    ];
    const { file, value, out } = await made('ci-gateway', ...wishes, '--format', 'opaque');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(value).toMatch(/^tfy_va_\w{49}$/);
    expect(out).not.toContain(value.slice(-20));
    expect(out).toMatch(/^Roles: +metrics-reader$/m);
    expect(out).toMatch(/^Rotates: +every 90 days, with 7 days of grace$/m);
    expect(await whois(value)).toBe('ci-gateway');
    expect((await run('va', 'list', '--team', 'platform')).out).toMatch(
      /^\| ci-gateway +\| \w{24} \| live +\| platform \| metrics-reader \|/m,
    );
  });

  test('nowhere where its token has no place to go, or a file is there already', async () => {
    expect(await run('va', 'create', 'nowhere')).toMatchObject({ code: 1, err: expect.stringContaining('--out FILE') });
    const { file, value } = await made('first-one');
    expect((await run('va', 'create', 'second-one', '--out', file)).code).toBe(1);
    expect(valueIn(file)).toBe(value);
    const refused = newFile();
    expect((await run('va', 'create', 'first-one', '--out', refused)).code).toBe(1);
    expect(existsSync(refused)).toBe(false);
    expect(await json('va', 'list', '--search', 'where')).toEqual([]);
    expect(await json('va', 'list', '--search', 'second')).toEqual([]);
  });

  test.each([
    { what: 'a rotation without its interval', options: ['--grace', '7'], says: '--rotate' },
    { what: 'an interval that is no number', options: ['--rotate', 'often'], says: '--rotate must be' },
    { what: 'two dates', options: ['--days', '1', '--expires', '2099-01-01'], says: 'not both' },
  ])('not with $what, which is told', async ({ options, says }) => {
    const outcome = await run('va', 'create', 'unmade', '--out', newFile(), ...options);
    expect(outcome).toMatchObject({ code: 2, err: expect.stringContaining(says) });
  });
});

test('an account is shown with every value of its token, and none of them', async () => {
  const { value } = await made('shown-one');
  await run('va', 'regenerate', 'shown-one', '--out', newFile());
  const { out } = await run('va', 'get', 'shown-one');
  expect(out).toMatch(/^\| 2 +\| current \| tfy_va_\w{4}…\w{4} \|/m);
  expect(out).toMatch(/^\| 1 +\| grace +\| tfy_va_\w{4}…\w{4} \|/m);
  expect(out).not.toContain(value.slice(-20));
  const account = await json('va', 'get', 'shown-one');
  expect(await json('va', 'get', account.id)).toEqual(account);
  expect(await run('va', 'get', 'no-such-one')).toMatchObject({ code: 1, err: expect.stringContaining('not found') });
});

test('a token is read again into a file, and never as JSON', async () => {
  const { value } = await made('read-again');
  const file = newFile();
  expect(await run('va', 'token', 'read-again')).toMatchObject({ code: 1, err: expect.stringContaining('--out FILE') });
  expect(await run('va', 'token', 'read-again', '--json')).toMatchObject({ code: 1, out: '' });
  const told = await json('va', 'token', 'read-again', '--out', file);
  expect(told).toEqual({ id: expect.any(String), name: 'read-again', savedIn: file });
  expect(valueIn(file)).toBe(value);
  const asked = await atTerminal(['va', 'token', 'read-again', '--show'], env, [['alone?', 'y']]);
  expect(asked).toMatchObject({ code: 0, out: expect.stringContaining(value) });
});

test('a token is regenerated with grace; one value is revoked; without grace all others end, where that is meant', async () => {
  const { value: first } = await made('rotated');
  const file = newFile();
  const { account } = await json('va', 'regenerate', 'rotated', '--grace', '12h', '--out', file);
  expect([await whois(first), await whois(valueIn(file))]).toEqual(['rotated', 'rotated']);
  const [second, old] = account.values;
  expect([second.state, old.state]).toEqual(['current', 'grace']);
  expect(await run('va', 'revoke', 'rotated', old.id)).toMatchObject({
    code: 1,
    err: expect.stringContaining('--yes'),
  });
  expect(await json('va', 'revoke', 'rotated', old.id, '--yes')).toEqual({ id: account.id, valueId: old.id });
  expect([await whois(first), await whois(valueIn(file))]).toEqual([1, 'rotated']);
  expect((await run('va', 'regenerate', 'rotated', '--grace', '0', '--out', newFile())).code).toBe(1);
  const last = newFile();
  expect((await run('va', 'regenerate', 'rotated', '--grace', '0', '--yes', '--out', last)).code).toBe(0);
  expect([await whois(valueIn(file)), await whois(valueIn(last))]).toEqual([1, 'rotated']);
  for (const grace of ['soon', '400d', '-1', '1w']) {
    const outcome = await run('va', 'regenerate', 'rotated', `--grace=${grace}`, '--out', newFile());
    expect(outcome).toMatchObject({ code: 2, err: expect.stringContaining('45m, 12h, 30d') });
  }
});

test('an account is given a role, frozen, thawed and deleted', async () => {
  const { value } = await made('lifelong');
  expect((await run('va', 'grant', 'lifelong', 'metrics-reader')).out).toContain('lifelong holds metrics-reader now');
  expect(await json('va', 'get', 'lifelong')).toMatchObject({
    roles: [{ role: { name: 'metrics-reader' }, resource: '*' }],
  });
  const { id } = await json('teams', 'create', 'lifelong-team');
  const managing = await run('va', 'grant', 'lifelong', 'team-manager', '--on', `team/${id}`);
  expect(managing).toMatchObject({ code: 1, err: expect.stringContaining('A team is managed by users') });
  expect((await run('va', 'freeze', 'lifelong')).out).toContain('lifelong is frozen');
  expect(await whois(value)).toBe(1);
  expect((await run('va', 'thaw', 'lifelong')).out).toContain('lifelong is accepted again');
  expect(await whois(value)).toBe('lifelong');
  expect(await run('va', 'rm', 'lifelong')).toMatchObject({ code: 1, err: expect.stringContaining('--yes') });
  expect((await run('va', 'rm', 'lifelong', '--yes')).code).toBe(0);
  expect([await whois(value), (await run('va', 'get', 'lifelong')).code]).toEqual([1, 1]);
});

test('whoever may not is told so, and leaves no file', async () => {
  await made('not-theirs');
  const by = { env: pipeline(await memberOf(server)) };
  const file = newFile();
  const make = await countersign(['va', 'create', 'theirs', '--out', file], by);
  expect(make).toMatchObject({ code: 1, err: expect.stringContaining('CreateVirtualAccount') });
  expect(existsSync(file)).toBe(false);
  expect((await countersign(['va', 'token', 'not-theirs', '--out', file], by)).code).toBe(1);
  expect((await countersign(['va', 'list'], by)).out).not.toContain('not-theirs');
});
