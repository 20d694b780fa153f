import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { temporaryFolder } from '#support/folder.ts';
import { instance, memberOf, newToken } from '../clients/instance.ts';
import { countersign, pipeline } from './program.ts';

const DAY = /\d{4}-\d\d-\d\d/.source;
const ID = /[a-z][a-z0-9]{23}/.source;

const server = await instance();

/** The command line of somebody new on it. */
async function world() {
  const to = await memberOf(server);
  const env = pipeline(to);
  const run = (...args: readonly string[]) => countersign(args, { env });
  const list = async () =>
    JSON.parse((await run('tokens', 'list', '--all', '--json')).out) as { id: string; name: string }[];
  return { to, run, list, file: join(temporaryFolder(), 'token') };
}

describe('tokens list', () => {
  test('prints the table that the public skill prints, with "Never" where there is no end', async () => {
    const { run, file } = await world();
    await run('tokens', 'create', 'ci-pipeline', '--expires', '2099-07-15', '--out', file);
    const { out } = await run('tokens', 'list');
    const lines = out.split('\n');
    expect(lines[0]).toBe('Personal Access Tokens:');
    expect(lines[1]).toMatch(/^\| Name {8}\| ID {23}\| Created At \| Expires At \|$/);
    expect(lines[2]).toMatch(/^\|-{13}\|-{26}\|-{12}\|-{12}\|$/);
    expect(lines[3]).toMatch(new RegExp(`^\\| ci-pipeline \\| ${ID} \\| ${DAY} \\| 2099-07-15 \\|$`));
    expect(lines[4]).toMatch(new RegExp(`^\\| first {7}\\| ${ID} \\| ${DAY} \\| Never {6}\\|$`));
  });

  test('with --all tells who revoked what, when and why, and where it is still used from', async () => {
    const { to, run } = await world();
    const token = await newToken(to, 'leaky');
    await run('tokens', 'revoke', 'leaky', '--yes', '--reason', 'leaked');
    await to.send({ method: 'GET', path: '/api/v1/whoami', token });
    expect((await run('tokens', 'list')).out).not.toContain('leaky');
    const heads = /^\| Name +\| ID +\| Revoked At \| By +\| Reason \| Still Used +\|$/m;
    expect((await run('tokens', 'list', '--all')).out).toMatch(heads);
    const row = `^\\| leaky \\| ${ID} \\| ${DAY} \\| member-\\d+@example.com \\| leaked \\| ${DAY} .*from `;
    await expect // a use is written behind, within about a second
      .poll(async () => (await run('tokens', 'list', '--all')).out, { timeout: 20_000 })
      .toMatch(new RegExp(row, 'm'));
  });
});

/** Without anybody at a terminal. */
const REFUSED = [
  { words: [], said: '--out FILE', code: 1 },
  { words: ['--show'], said: '--out FILE', code: 1 },
  { words: ['--json'], said: '--json never holds a value', code: 1 },
  { words: ['--json', '--show'], said: '--json never holds a value', code: 1 },
  { words: ['--show', '--out', 'x'], said: 'not both', code: 2 },
  { words: ['--days', '1', '--expires', '2099-01-01'], said: 'not both', code: 2 },
  { words: ['--expires', 'tomorrow'], said: 'ISO 8601', code: 2 },
  { words: ['--expires', '2099-02-30'], said: 'ISO 8601', code: 2 },
  { words: ['--days', '0'], said: 'whole number', code: 2 },
  { words: ['--format', 'xml'], said: 'one of opaque, jwt', code: 2 },
];

describe('tokens create', () => {
  test('saves the value in a new file that only its owner can read, and shows the masked form', async () => {
    const { to, run, file } = await world();
    const { code, out, err } = await run('tokens', 'create', 'my-token', '--days', '30', '--out', file);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^Token created successfully!\nName: my-token\nToken \(masked\): tfy_pat_\w{4}…\w{4}\nExpires: /,
    );
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    const value = readFileSync(file, 'utf8');
    expect(value).toMatch(/^tfy_pat_\w{49}\n$/);
    expect(out).not.toContain(value.trim());
    const { text } = await to.send({ method: 'GET', path: '/api/v1/whoami', token: new Sensitive(value.trim()) });
    expect(JSON.parse(text).credential.name).toBe('my-token');
  });

  test('creates nothing where the file is there already, and leaves that file as it was', async () => {
    const { run, list, file } = await world();
    writeFileSync(file, 'mine');
    const { code, err } = await run('tokens', 'create', 'my-token', '--out', file);
    expect([code, err]).toEqual([1, expect.stringContaining('is there already, and is never overwritten')]);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await list()).toHaveLength(1);
  });

  test('leaves no file behind when the server refuses', async () => {
    const { run, file } = await world();
    const { code, err } = await run('tokens', 'create', 'first', '--out', file);
    expect([code, err]).toEqual([1, expect.stringContaining('already exists')]);
    expect(existsSync(file)).toBe(false);
  });

  test('off a terminal creates nothing where the value would be lost or a word is wrong, and says what to do', async () => {
    const { run, list } = await world();
    for (const { words, said, code } of REFUSED) {
      const answer = await run('tokens', 'create', 'my-token', ...words);
      expect({ words, ...answer }).toEqual({ words, code, out: '', err: expect.stringContaining(said) });
    }
    expect(await list()).toHaveLength(1);
  });

  test('a name that would be refused is refused before anything is asked', async () => {
    const { code, err } = await countersign(['tokens', 'create', 'No Name', '--out', 'never-made']);
    expect([code, err]).toEqual([2, expect.stringContaining('A token name has')]);
    expect(existsSync('never-made')).toBe(false);
  });

  test('as JSON tells where the value is, and not the value', async () => {
    const { run, file } = await world();
    const { out } = await run('tokens', 'create', 'my-token', '--out', file, '--json');
    const { token, savedIn } = JSON.parse(out);
    expect([token.name, token.state, savedIn]).toEqual(['my-token', 'live', file]);
    expect(out).not.toContain(readFileSync(file, 'utf8').trim());
  });

  test('makes a JWT where one is asked for', async () => {
    const { run, file } = await world();
    await run('tokens', 'create', 'my-token', '--format', 'jwt', '--out', file);
    expect(readFileSync(file, 'utf8')).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });
});

describe('tokens revoke', () => {
  test('by name or by ID ends the token and prints the numbers of the answer', async () => {
    const { to, run, list } = await world();
    const tokens = [await newToken(to, 'one'), await newToken(to, 'two')];
    const id = (await list()).find(({ name }) => name === 'two')?.id ?? '';
    for (const word of ['one', id]) {
      const { code, out } = await run('tokens', 'revoke', word, '--yes');
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(
          /This server refuses it from now on\. Other verifiers \(gateways, nodes\): within \d+ s; cut off, within \d+ s\.\n$/,
        ),
      ]);
    }
    for (const token of tokens)
      expect((await to.send({ method: 'GET', path: '/api/v1/whoami', token })).status).toBe(401);
  });

  test('again by ID says that it was, by name when and by whom; an unknown one says where to look', async () => {
    const { to, run, list } = await world();
    await newToken(to, 'one');
    const id = (await list()).find(({ name }) => name === 'one')?.id ?? '';
    await run('tokens', 'revoke', 'one', '--yes');
    expect(await run('tokens', 'revoke', id, '--yes')).toMatchObject({
      code: 0,
      out: expect.stringContaining('revoked already'),
    });
    expect((await run('tokens', 'revoke', 'one', '--yes')).err).toMatch(
      /was revoked already, on .* by member-\d+@example.com/,
    );
    for (const word of ['no-such', 'a'.repeat(24), '..']) {
      const { code, err } = await run('tokens', 'revoke', word, '--yes');
      expect([word, code, err]).toEqual([
        word,
        1,
        expect.stringContaining('List tokens first to find the correct ID.'),
      ]);
    }
  });

  test('a word that is the ID of one token and the name of another revokes neither', async () => {
    const { to, run, list } = await world();
    const id = (await list())[0]?.id ?? '';
    await newToken(to, id);
    expect((await run('tokens', 'revoke', id, '--yes')).err).toContain(
      'is the ID of one token and the name of another',
    );
    expect(await list()).not.toContainEqual(expect.objectContaining({ state: 'revoked' }));
  });

  test('where nobody can be asked, revokes only what --yes was said to', async () => {
    const { to, run, list } = await world();
    await newToken(to, 'one');
    expect(await run('tokens', 'revoke', 'one')).toMatchObject({ code: 1, err: expect.stringContaining('Say --yes') });
    expect((await run('tokens', 'revoke', 'one', '--yes', '--reason', 'because')).code).toBe(2);
    expect(await list()).not.toContainEqual(expect.objectContaining({ state: 'revoked' }));
  });
});

test('tokens rename changes the name and nothing else', async () => {
  const { to, run, list } = await world();
  const token = await newToken(to, 'one');
  expect(await run('tokens', 'rename', 'one', 'uno')).toMatchObject({
    code: 0,
    out: expect.stringContaining('Renamed one to uno'),
  });
  expect((await list()).map(({ name }) => name)).toEqual(['uno', 'first']);
  expect((await to.send({ method: 'GET', path: '/api/v1/whoami', token })).status).toBe(200);
  expect((await run('tokens', 'rename', 'uno', 'first')).code).toBe(1);
});

describe('tokens check, offline', () => {
  const { issued } = JSON.parse(readFileSync('test/vectors/token.json', 'utf8'));
  const good: string = issued[0].token;

  test.each([
    { what: 'a token', input: good, code: 0, form: { form: 'opaque', kind: 'pat', fault: null, wellFormed: true } },
    {
      what: 'one with a character changed',
      input: `${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`,
      code: 1,
      form: { form: 'opaque', kind: 'pat', fault: 'checksum', wellFormed: false },
    },
    {
      what: 'one cut short',
      input: good.slice(0, -1),
      code: 1,
      form: { form: 'opaque', kind: 'pat', fault: 'length', wellFormed: false },
    },
    {
      what: 'a preview',
      input: 'tfy_pat_7Fk2…9xQd',
      code: 1,
      form: { form: 'opaque', kind: 'pat', fault: 'preview', wellFormed: false },
    },
    { what: 'something else', input: 'hunter2', code: 1, form: { form: 'foreign', isJwt: false, wellFormed: false } },
    {
      what: 'another product’s JWT',
      input: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln',
      code: 1,
      form: { form: 'foreign', isJwt: true, wellFormed: false },
    },
  ])('tells $what from standard input or a file, and says none of it again', async ({ input, code, form }) => {
    const file = join(temporaryFolder(), 'checked');
    writeFileSync(file, `${input}\n`);
    for (const answer of [
      await countersign(['tokens', 'check', '--json'], { input: `${input}\n` }),
      await countersign(['tokens', 'check', '--json', '--file', file]),
    ]) {
      expect([answer.code, JSON.parse(answer.out)]).toEqual([code, form]);
      expect(answer.out + answer.err).not.toContain(input);
    }
    expect((await countersign(['tokens', 'check'], { input })).out).not.toContain(input);
  });
});
