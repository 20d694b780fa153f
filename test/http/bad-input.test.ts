import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type * as z from 'zod';
import { ENTRANCES } from '#contract/entrances.ts';
import type { Operation } from '#contract/operation.ts';
import { OPERATION_IDS, OPERATIONS, type OperationId } from '#contract/operations.ts';
import type { Caller } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { ENGINE } from '#support/database.ts';
import { type Answer, JSON_TYPE, openWorld, type Sent, type World } from '#support/world.ts';
import { ENTRANCE_IDS, entryFor, requestFor } from '../authz/matrix.ts';
import { outcomeOf } from './outcome.ts';
import { FROM_HERE, PATS, post } from './provoked.ts';

let world: World;
let admin: Caller;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token, caller: admin } = await world.person('admin', 'tenant-admin'));
});
const send = (sent: Sent): Promise<Answer> => world.send({ token, ...sent });

const DEEP = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;

/** What nobody should send, as JSON: where a text is wanted, and where something else is. */
const VALUES: Readonly<Record<string, string>> = {
  'nothing at all': 'undefined',
  null: 'null',
  'a number': '7',
  'a fraction': '1.5e300',
  'a boolean': 'true',
  'a list': '["x"]',
  'an object': '{"a":1}',
  'a deep list': DEEP,
  'an empty text': '""',
  'a blank': '" "',
  'a number as text': '"7"',
  NUL: '"de\\u0000ploy"',
  'a control character': '"de\\u0007ploy"',
  'a line break': '"de\\nploy"',
  'half a surrogate': '"\\ud800"',
  'an emoji': '"😀😀😀"',
  'a mark that turns text around': '"\\u202edeploy"',
  'SQL that ends a text': `"x' or 1=1 --"`,
  'LIKE that finds all': '"%_%"',
  'the name of every object’s mould': '"__proto__"',
  'the name of a constructor': '"constructor"',
  'a text of 10 kB': `"${'x'.repeat(10_000)}"`,
};

/** Those that a database may take amiss; before the others one is not asked. On a server those are sent where there is time. */
const BY_ENGINE = [
  'NUL',
  'half a surrogate',
  'an emoji',
  'a control character',
  'LIKE that finds all',
  'a text of 10 kB',
];
const IS_WHOLE = ENGINE === 'sqlite' || process.env.COUNTERSIGN_TEST_FULL === '1';
const SENT = Object.entries(VALUES).filter(([what]) => IS_WHOLE || BY_ENGINE.includes(what));

/** What stands in the place of a body. */
const BODIES: Readonly<Record<string, string | Buffer>> = {
  'a list': '[]',
  'a text': '"x"',
  'a number': '7',
  null: 'null',
  'no JSON': 'name=deploy',
  'JSON that is cut': '{"name":"dep',
  'two values': '{}{}',
  'a comma too many': '{"name":"deploy",}',
  'a deep list': DEEP,
  'a deep list within': `{"name":"deploy","x":${DEEP}}`,
  'a mould': '{"__proto__":{"name":"deploy","email":"a@b"},"constructor":{"prototype":{}}}',
  'invalid UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
  'NUL bytes': Buffer.alloc(10),
  '100 kB': JSON.stringify({ name: 'x'.repeat(100_000) }),
  '1 MB': JSON.stringify({ name: 'x'.repeat(1_000_000) }),
};

type Takers = readonly {
  readonly id: string;
  /** A good request; what it makes is another thing each time. */
  readonly sent: (time: number) => Sent;
  readonly body?: z.ZodObject;
  readonly query?: z.ZodObject;
}[];

const BOB = 'bob@example.com';
const WINDOW_MS = 15 * 60_000;

/** Everything that takes input, with a good request of its own. */
async function takers(): Promise<Takers> {
  const browser = await world.browserOf(await world.user('bob', 'tenant-member'));
  const keys = { email: BOB, password: 'no such password', code: 'no such code' };
  await world.pat(admin, 'spare');
  const [spare] = await world.rows(`select id from personal_access_token where name = 'spare'`);
  return [
    ...OPERATION_IDS.map((id) => {
      const sent = (time: number) => goodRequest(id, String(spare?.id), time);
      return { id, sent, ...(OPERATIONS[id] as Operation).input };
    }),
    ...ENTRANCE_IDS.flatMap((id) => {
      const entrance = ENTRANCES[id];
      if (!('body' in entrance)) return [];
      const { headers, ...entry } = entryFor(id, keys);
      return { id, sent: () => ({ ...entry, headers: { ...headers, ...browser } }), body: entrance.body };
    }),
  ];
}

/** Under a name that was not used before. */
function goodRequest(id: OperationId, token: string, time: number): Sent {
  const on: Partial<Record<OperationId, string>> = {
    ...{ wireCreatePat: `name-${time}`, ownCreateToken: `name-${time}`, wireCreatePatForUser: BOB },
    ...{ wireRegisterUser: `user-${time}@example.com`, wireInviteUser: BOB },
    ...{ ownRenameToken: token, ownRevokeToken: token },
    ...{ wirePutAccount: `account-${time}`, wirePostAccount: `account-${time}`, ownCreateAccount: `account-${time}` },
  };
  const sent: Sent = requestFor(id, on[id]);
  // Only tried: what is put here would hold for all that is asked after it.
  if (id === 'ownPutTokenSettings')
    return { ...sent, body: JSON.stringify({ ...JSON.parse(String(sent.body)), dryRun: true }) };
  if (id !== 'wireCreatePatForUser' && id !== 'ownRenameToken') return sent;
  return { ...sent, body: JSON.stringify({ ...JSON.parse(String(sent.body)), name: `name-${time}` }) };
}

test('whatever stands in a field is refused in words, or taken, and never breaks anything', async () => {
  const lines: string[] = [];
  let time = 0;
  const noted = async (id: string, field: string, what: string, sent: Sent) => {
    const status = await outcomeOf(world, token, sent);
    if (status === 401) world.clock.advance(WINDOW_MS); // nobody has to wait for failed attempts
    lines.push(`${id}  ${field}  ${what}  ${status}`);
  };
  for (const { id, sent, body, query } of await takers()) {
    for (const field of Object.keys(body?.shape ?? {})) {
      for (const [what, value] of SENT) {
        const good = sent(time++);
        await noted(id, `body ${field}`, what, { ...good, body: replaced(String(good.body), field, value) });
      }
    }
    for (const field of Object.keys(query?.shape ?? {})) {
      for (const [what, value] of SENT.filter(([, value]) => value.startsWith('"'))) {
        const good = sent(time++);
        const text = encodeURIComponent(JSON.parse(value).toWellFormed());
        await noted(id, `query ${field}`, what, {
          ...good,
          path: `${good.path}${good.path.includes('?') ? '&' : '?'}${field}=${text}`,
        });
      }
    }
  }
  // What is taken depends on what was taken before.
  if (IS_WHOLE) await expect(`${summedUp(lines).join('\n')}\n`).toMatchFileSnapshot('bad-input.golden.txt');
  expect((await send({ method: 'GET', path: '/api/v1/whoami' })).status).toBe(200);
}, 900_000);

/** As text, because some of these values are none that `JSON.stringify` would write. */
function replaced(body: string, field: string, value: string): string {
  const { [field]: _, ...others } = JSON.parse(body);
  const one = value === 'undefined' ? [] : [`"${field}":${value}`];
  return `{${[...one, JSON.stringify(others).slice(1, -1)].filter(Boolean).join()}}`;
}

/** One line for each field and status, which names what got it. */
function summedUp(lines: readonly string[]): readonly string[] {
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const [id, field, what = '', status] = line.split('  ');
    const key = `${id}  ${field}  ${status}`;
    groups.set(key, [...(groups.get(key) ?? []), what]);
  }
  return [...groups].map(([key, whats]) => `${key}  ${whats.join(', ')}`);
}

test('whatever stands in the place of a body is refused in words, and never breaks anything', async () => {
  const expected = { '100 kB': 413, '1 MB': 413 } as Readonly<Record<string, number>>;
  for (const { id, sent, body } of await takers()) {
    if (body === undefined) continue;
    for (const [what, bytes] of Object.entries(BODIES)) {
      const harmless = what === 'a deep list within' && ['wireCreatePat', 'wireCreateTeam'].includes(id); // a key that the wire ignores
      const status = await outcomeOf(world, token, { ...sent(0), body: bytes });
      expect({ id, what, status }).toEqual({ id, what, status: harmless ? 200 : (expected[what] ?? 400) });
    }
  }
  expect((await send({ method: 'GET', path: '/api/v1/whoami' })).status).toBe(200);
}, 180_000);

test('no JSON whatsoever, sent to create a token, is our fault', async () => {
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('deploy', 'first', '__proto__'));
  const body = fc.oneof(
    fc.json({ depthSize: 'medium' }),
    fc
      .record({ name, expirationDate: fc.oneof(fc.jsonValue(), fc.date({ noInvalidDate: true })) })
      .map((value) => JSON.stringify(value)),
    fc
      .dictionary(fc.constantFrom('name', 'expirationDate', 'teamName', 'tokenType', '__proto__'), fc.jsonValue())
      .map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary' }),
  );
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const { status } = await send({ ...post(PATS, {}), body: text });
      expect([200, 400, 409]).toContain(status);
    }),
    { numRuns: 300 },
  );
  expect(world.reported).toEqual([]);
});

test('a sign-in with nothing, or with far too much, is a wrong one', async () => {
  for (const password of ['', ' ', '\0', '😀', 'x'.repeat(60_000)]) {
    const sent = {
      ...post('/auth/sign-in', { email: 'a@example.com', password }),
      headers: { ...JSON_TYPE, ...FROM_HERE },
    };
    expect((await send(sent)).status).toBe(401);
  }
});
