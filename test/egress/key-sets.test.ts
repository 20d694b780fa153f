import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { createServer } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { ASK_AGAIN_MS, FIRST_AGAIN_MS, FRESH_MS, KeySets, STALE_MS_MAX } from '#app/identity-provider/key-sets.ts';
import type { KeySet } from '#crypto/external-jwt-keys.ts';
import type { IdentityProvider, ProviderKeys } from '#domain/identity-provider.ts';
import { parseUploadedKeys } from '#domain/identity-provider-keys.ts';
import { type FixedClock, fixedClock } from '#support/fixed.ts';
import { listening, outboundHere } from './listening.ts';

const key = (kid: string): JsonWebKey => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid,
});
const [OLD, NEW, OTHER] = [key('old'), key('new'), key('other')];

/** An issuer that publishes what the test puts into `keys`, or is out. */
async function issuer() {
  const state = { keys: [OLD] as readonly JsonWebKey[] | undefined, asked: 0 };
  const { port } = await listening(
    createServer((_, answer) => {
      state.asked += 1;
      if (state.keys === undefined) answer.writeHead(503).end();
      else answer.end(JSON.stringify({ keys: state.keys }));
    }),
  );
  return { state, keys: { from: 'url', jwksUri: `http://127.0.0.1:${port}/keys` } as const };
}
const provider = (keys: ProviderKeys, id = 'a'.repeat(24)) =>
  ({ id, keys, updatedAt: 0 }) as Pick<IdentityProvider, 'id' | 'keys' | 'updatedAt'>;
const holding = (kid: string) => (set: KeySet) => set.some((one) => one.kid === kid);
const anything = () => true;

/** What is known to whoever asks for a key of that id: the ids there are, or why there are none. */
async function world(clock: FixedClock = fixedClock()) {
  const { state, keys } = await issuer();
  const sets = new KeySets(outboundHere(), clock);
  const ask = async (kid = 'old', id?: string) => {
    const set = await sets.of(provider(keys, id))(holding(kid));
    return typeof set === 'string' ? set : set.map((one) => one.kid);
  };
  return { state, clock, keys, sets, ask };
}

describe('a set that is fetched', () => {
  test('is fetched once for all who wait for it, and serves them', async () => {
    const { state, ask } = await world();
    expect(await Promise.all(Array.from({ length: 50 }, () => ask()))).toEqual(Array(50).fill(['old']));
    expect(await ask()).toEqual(['old']);
    expect(state.asked).toBe(1);
  });

  test('is fetched by need: nobody asks for what no token needs', async () => {
    const { state, sets, keys } = await world();
    sets.of(provider(keys));
    expect(state.asked).toBe(0);
  });

  test('serves for ten minutes, and is then looked at again: a key that was withdrawn is gone', async () => {
    const { state, clock, ask } = await world();
    await ask();
    state.keys = [NEW];
    clock.advance(FRESH_MS - 1);
    expect(await ask()).toEqual(['old']);
    clock.advance(1);
    expect(await ask()).toEqual(['new']);
  });

  test('of another provider is another, though it has the same address', async () => {
    const { state, ask } = await world();
    await ask('old', 'a'.repeat(24));
    await ask('old', 'b'.repeat(24));
    expect(state.asked).toBe(2);
  });

  test('is none of an address that the provider no longer has', async () => {
    const { sets, keys, ask } = await world();
    await ask();
    const elsewhere = await issuer();
    elsewhere.state.keys = [NEW];
    const set = await sets.of(provider(elsewhere.keys))(anything);
    expect(typeof set === 'string' ? set : set.map(({ kid }) => kid)).toEqual(['new']);
    expect(keys.jwksUri).not.toBe(elsewhere.keys.jwksUri);
  });
});

describe('a key that is not in the set', () => {
  test('is found where it is new: a rotation is followed at once', async () => {
    const { state, clock, ask } = await world();
    await ask();
    clock.advance(ASK_AGAIN_MS);
    state.keys = [OLD, NEW];
    expect(await ask('new')).toEqual(['old', 'new']);
    expect(state.asked).toBe(2);
  });

  test('makes us look once a minute, however many are made up, and however many ask at once', async () => {
    const { state, clock, ask } = await world();
    await ask();
    for (let minute = 1; minute <= 5; minute++) {
      clock.advance(ASK_AGAIN_MS);
      await Promise.all(Array.from({ length: 20 }, (_, at) => ask(`forged-${minute}-${at}`)));
      await ask(`forged-${minute}`);
      expect(state.asked).toBe(1 + minute);
    }
    clock.advance(ASK_AGAIN_MS - 1);
    await ask('forged');
    expect(state.asked).toBe(6);
  });

  test('does not delay those who ask for one that is', async () => {
    const { state, clock, ask } = await world();
    await ask();
    clock.advance(ASK_AGAIN_MS);
    const slow = ask('forged');
    expect(await ask('old')).toEqual(['old']);
    expect(await slow).toEqual(['old']);
    expect(state.asked).toBe(2);
  });

  test('of one provider does not use up the look of another', async () => {
    const { state, clock, ask } = await world();
    const [one, two] = ['a'.repeat(24), 'b'.repeat(24)];
    await ask('old', one);
    await ask('old', two);
    clock.advance(ASK_AGAIN_MS);
    await ask('forged', one);
    state.keys = [OLD, NEW];
    expect(await ask('new', two)).toEqual(['old', 'new']);
  });
});

describe('while the issuer is out', () => {
  test('the last set serves, and is asked for once a minute, until it is too old to be believed', async () => {
    const { state, clock, ask } = await world();
    await ask();
    state.keys = undefined;
    clock.advance(FRESH_MS);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(Array(3).fill(['old']));
    expect(await ask()).toEqual(['old']);
    expect(state.asked).toBe(2);
    clock.advance(STALE_MS_MAX - FRESH_MS - 1);
    expect(await ask()).toEqual(['old']); // at once: nobody waits for one that was out
    await vi.waitFor(() => expect(state.asked).toBe(3));
    clock.advance(1);
    expect(await ask()).toBe('bad_status');
  });

  test('and back again, its new set serves', async () => {
    const { state, clock, ask } = await world();
    await ask();
    state.keys = undefined;
    clock.advance(STALE_MS_MAX);
    expect(await ask()).toBe('bad_status');
    state.keys = [NEW];
    clock.advance(ASK_AGAIN_MS);
    expect(await ask('new')).toEqual(['new']);
  });

  test('from the beginning, everybody is told why, and it is asked every ten seconds', async () => {
    const { state, clock, ask } = await world();
    state.keys = undefined;
    expect(await Promise.all([ask(), ask()])).toEqual(['bad_status', 'bad_status']);
    clock.advance(FIRST_AGAIN_MS - 1);
    expect(await ask()).toBe('bad_status');
    expect(state.asked).toBe(1);
    state.keys = [OLD];
    clock.advance(1);
    expect(await ask()).toEqual(['old']);
  });

  test('a clock that was turned back makes nothing young again', async () => {
    const { state, clock, ask } = await world();
    await ask();
    state.keys = [NEW];
    clock.advance(-FRESH_MS);
    expect(await ask('new')).toEqual(['new']);
  });
});

test.each<[what: string, answer: unknown]>([
  ['no key set', { hunter2: true }],
  ['more keys than anybody has', { keys: Array(51).fill(OTHER) }],
])('an answer that is %s takes the last set’s place no more than an outage does', async (_, answer) => {
  const state = { answer: { keys: [OLD] } as unknown };
  const { port } = await listening(createServer((_request, response) => response.end(JSON.stringify(state.answer))));
  const clock = fixedClock();
  const source = new KeySets(outboundHere(), clock).of(
    provider({ from: 'url', jwksUri: `http://127.0.0.1:${port}/keys` }),
  );
  expect(await source(anything)).toHaveLength(1);
  state.answer = answer;
  clock.advance(FRESH_MS);
  expect(await source(anything)).toHaveLength(1);
  clock.advance(STALE_MS_MAX - FRESH_MS);
  expect(await source(anything)).toBe('bad_answer');
});

test('an issuer that withdraws all its keys has none: that is an answer', async () => {
  const { state, clock, ask } = await world();
  await ask();
  state.keys = [];
  clock.advance(FRESH_MS);
  expect(await ask()).toEqual([]);
});

test('a fault of ours is told to whoever asks, and met again, but not by each token', async () => {
  const asked: string[] = [];
  const faulty = {
    getJson: async (url: string) => {
      asked.push(url);
      if (asked.length === 1) throw new TypeError('ours');
      return { ok: true, value: { keys: [OLD] } } as const;
    },
  };
  const clock = fixedClock();
  const source = new KeySets(faulty, clock).of(provider({ from: 'url', jwksUri: 'https://idp.example/' }));
  await expect(source(anything)).rejects.toThrow('ours');
  expect(await source(anything)).toBe('unreachable');
  expect(asked).toHaveLength(1);
  clock.advance(FIRST_AGAIN_MS);
  expect(await source(anything)).toHaveLength(1);
});

test('a set that was handed over is never asked for', async () => {
  const { state, sets } = await world();
  const keys = { from: 'upload', jwks: parseUploadedKeys({ keys: [OTHER] }) } as const;
  const source = sets.of(provider(keys));
  for (const kid of ['other', 'forged']) expect(await source(holding(kid))).toHaveLength(1);
  expect(state.asked).toBe(0);
});
