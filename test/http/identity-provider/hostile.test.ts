import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { aboutReason } from '#crypto/external-jwt-reasons.ts';
import { type Case, GOOD, HOSTILE, ownPair, PROVIDER, SET } from '#support/hostile-jwts.ts';
import { listening } from '../../egress/listening.ts';
import { bytesOf, openBelieving, type Providing } from './providing.ts';

/** What no header of a request can hold, or what is cut off there before anybody looks: for the server it is another token, or none. */
const NOT_IN_A_HEADER = ['nothing', 'a blank before', 'a line after', 'huge'];
const PRESENTED = HOSTILE.filter(([what]) => !NOT_IN_A_HEADER.includes(what));

/** Key sets by their place in the table; the first is the provider's own. */
async function publishing() {
  const sets = [SET, ...HOSTILE.map(([, , , against]) => against?.set ?? SET)];
  const server = createServer(({ url = '' }, answer) => {
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(sets[Number(url.slice(1))]));
  });
  const { port } = await listening(server);
  return (at: number) => `http://127.0.0.1:${port}/${at}`;
}

async function opened() {
  const [world, urlOf] = [await openBelieving(), await publishing()];
  const pkcs8 = ownPair.privateKey.export({ type: 'pkcs8', format: 'der' });
  const ownKey = { id: 'k'.repeat(24) as never, purpose: 'token-signing', tenant: undefined, createdAt: 1 } as const;
  const { keyring, wrapper, store } = world.deps;
  const wrapped = await wrapper.wrap(pkcs8, ownKey);
  await store.transact((tx) => tx.keys.insert({ ...ownKey, wrapped }));
  keyring.hold(ownKey, pkcs8);
  const said = { ...PROVIDER, jwksUri: urlOf(0) };
  const { body } = await world.admin.provide(said);
  const id: string = body.provider.id;
  await world.admin.put({
    name: 'builder',
    identity_provider_mapping: [{ identity_provider: 'build', value: 'build-7' }],
  });
  return { ...world, id, said, urlOf };
}
type Opened = Awaited<ReturnType<typeof opened>>;

/** As the provider of this case has it. */
async function against({ admin, id, said, urlOf }: Opened, [, , , wanted]: Case, at: number): Promise<void> {
  const { set, ...others } = wanted ?? {};
  const jwksUri = urlOf(set === undefined ? 0 : at + 1);
  expect((await admin.putProvider(id, { ...said, ...others, jwksUri })).status).toBe(200);
}

const lastStep = async (admin: Providing, id: string, token: string) =>
  (await admin.explain(id, token)).body.steps?.at(-1);

test(`${PRESENTED.length} hostile tokens are refused with the same bytes as one that nobody issued, each for its own reason inside (I6)`, {
  timeout: 300_000,
}, async () => {
  const world = await opened();
  const { whoami, admin, id, clock } = world;
  expect(PRESENTED.length).toBeGreaterThan(60);
  expect(JSON.parse((await whoami(GOOD)).text)).toMatchObject({ principal: { name: 'builder' } });
  const unknown = bytesOf(await whoami('tfy_pat_of-no-known-form'));
  expect(JSON.parse(unknown)).toMatchObject({
    status: 401,
    others: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
  const wrong: unknown[] = [];
  for (const [at, one] of HOSTILE.entries()) {
    const [what, text, reason] = one;
    if (!PRESENTED.includes(one)) continue;
    if (one[3] !== undefined) await against(world, one, at);
    clock.advance(-at); // what is remembered is from later on: each is judged by itself
    const answer = await whoami(text);
    clock.advance(at);
    // Where the keys cannot be had, the token may be good.
    const isRight = reason === 'keys_unavailable' ? answer.status === 503 : bytesOf(answer) === unknown;
    const step = await lastStep(admin, id, text);
    const isExplained = step?.passed === false && step.about.startsWith(aboutReason(reason));
    if (!isRight || !isExplained) wrong.push({ what, answer, step });
    if (one[3] !== undefined) await against(world, ['', '', reason], at);
  }
  expect(wrong).toEqual([]);
  clock.advance(5_000); // what proved unknown is not read again at once
  expect((await whoami(GOOD)).status).toBe(200);
});

const UNSEEN = HOSTILE.filter(([what]) => NOT_IN_A_HEADER.includes(what)).map(([what, text, reason]) => ({
  ...{ what, text, reason },
}));
test.each(UNSEEN)('$what is explained, too', async ({ text, reason }) => {
  const { admin, id } = await opened();
  expect(await lastStep(admin, id, text)).toMatchObject({ passed: false, about: aboutReason(reason) });
});

test('a token that fills the headers of a request is refused before anybody reads it', async () => {
  const { statusOf } = await openBelieving();
  expect(await statusOf(HOSTILE.find(([what]) => what === 'huge')?.[1] ?? '')).toBe(431);
});
