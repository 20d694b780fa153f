import { beforeEach, expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import type { Known } from '#domain/verification.ts';
import { VerifiedCredentials } from './verified-credentials.ts';

let verified: VerifiedCredentials;
beforeEach(() => {
  verified = new VerifiedCredentials('salt', 0);
});

const knownOn = (...restsOn: readonly string[]) => ({ restsOn }) as unknown as Known;
const apply = (sequence: number, ...ids: readonly string[]) => {
  for (const id of ids) verified.apply({ sequence, moved: { kind: 'token', id } });
};

/** A credential, and how often it had to be looked up. */
function presented(text: string, known?: Known) {
  const form = {
    reads: 0,
    use: (now = 0) =>
      Promise.resolve(
        verified.find(new Sensitive(text), now, async () => {
          form.reads += 1;
          return known;
        }),
      ),
  };
  return form;
}
const readsAfterUse = async (forms: readonly ReturnType<typeof presented>[], now?: number) => {
  for (const { use } of forms) await use(now);
  return forms.map(({ reads }) => reads);
};

test('a token in several forms is forgotten in all of them', async () => {
  const known = knownOn('token', 'pat', 'ada', 'acme');
  const forms = ['one', 'two', 'three'].map((text) => presented(text, known));
  expect(await readsAfterUse(forms)).toEqual([1, 1, 1]);
  expect(await readsAfterUse(forms)).toEqual([1, 1, 1]);
  apply(1, 'token');
  expect(await readsAfterUse(forms)).toEqual([2, 2, 2]);
  expect(await readsAfterUse(forms)).toEqual([2, 2, 2]);
});

test.each(['token', 'pat', 'ada', 'acme'])('whatever it rests on may move: %s', async (moved) => {
  const [one, stranger] = [
    presented('one', knownOn('token', 'pat', 'ada', 'acme')),
    presented('other', knownOn('else')),
  ];
  await readsAfterUse([one, stranger]);
  apply(1, moved);
  expect(await readsAfterUse([one, stranger])).toEqual([2, 1]);
});

test('what was read after a change is not made old by it; what was read before is, though applied late', async () => {
  const one = presented('one', knownOn('token'));
  apply(5, 'token');
  expect(await readsAfterUse([one])).toEqual([1]);
  apply(5, 'token'); // again, by another who caught up with the same
  expect(await readsAfterUse([one])).toEqual([1]);
  apply(6, 'token');
  expect(await readsAfterUse([one])).toEqual([2]);
});

const own = (sequence: number, ...ids: readonly string[]) =>
  verified.applyOwn(
    sequence,
    ids.map((id) => ({ kind: 'token', id })),
  );

/** Whoever can write the database decides about this number, and so it decides about nothing. */
test.each([-1, 0, 1, 49, 50, 51, 1_000_000])(
  'its own change is applied, whatever number it got: %i after 50',
  async (sequence) => {
    const [one, stranger] = [presented('one', knownOn('token')), presented('other', knownOn('else'))];
    apply(50, 'token', 'else');
    await readsAfterUse([one, stranger]);
    own(sequence, 'token');
    expect(await readsAfterUse([one, stranger])).toEqual([2, 1]);
    own(sequence, 'token');
    expect(await readsAfterUse([one, stranger])).toEqual([3, 1]);
  },
);

test('what the feed tells of its own change is old news, of which nothing is read again; the next one is not', async () => {
  const forms = ['a', 'b'].map((id) => presented(id, knownOn(id)));
  own(1, 'a', 'b');
  await readsAfterUse(forms);
  apply(1, 'a', 'b');
  expect([verified.sequence, await readsAfterUse(forms)]).toEqual([1, [1, 1]]);
  apply(2, 'a');
  expect(await readsAfterUse(forms)).toEqual([2, 1]);
});

test('its own change says nothing of how far the feed was read: what came between is applied too', async () => {
  const [ours, theirs] = [presented('ours', knownOn('ours')), presented('theirs', knownOn('theirs'))];
  await readsAfterUse([ours, theirs]);
  own(2, 'ours');
  expect(verified.sequence).toBe(0);
  apply(1, 'theirs');
  apply(2, 'ours');
  expect([verified.sequence, await readsAfterUse([ours, theirs])]).toEqual([2, [2, 2]]);
});

test('its own change leaves nothing of a lookup that is under way: who asks later does not share it', async () => {
  const one = presented('one', knownOn('token'));
  const asked = [one.use(), one.use()];
  own(1, 'token');
  await Promise.all([...asked, one.use()]);
  expect(one.reads).toBe(2);
  expect(await readsAfterUse([one])).toEqual([2]);
});

test('its own change that moves more than is kept makes nothing of that good again', async () => {
  const [old, young] = [presented('old', knownOn('id7')), presented('young', knownOn('untouched'))];
  await readsAfterUse([old, young]);
  own(1, ...Array.from({ length: 100_001 }, (_, at) => `id${at}`));
  expect(await readsAfterUse([old, young])).toEqual([2, 2]);
});

test('a catch-up that was overtaken by another does not turn the sequence back, nor its own changes’ epochs', async () => {
  const one = presented('one', knownOn('token'));
  apply(1, 'other');
  apply(2, 'token');
  apply(1, 'other');
  expect(verified.sequence).toBe(2);
  expect(await readsAfterUse([one])).toEqual([1]);
  apply(1, 'token');
  expect([verified.sequence, ...(await readsAfterUse([one]))]).toEqual([2, 1]);
});

test('one change may move much: all of it is applied', async () => {
  const forms = ['a', 'b', 'c'].map((id) => presented(id, knownOn(id)));
  await readsAfterUse(forms);
  apply(1, 'a', 'b', 'c');
  expect(await readsAfterUse(forms)).toEqual([2, 2, 2]);
});

test('more moves than are kept cost a read each, and never a stale answer', async () => {
  const [old, young] = [presented('old', knownOn('first')), presented('young', knownOn('untouched'))];
  await readsAfterUse([old, young]);
  apply(1, 'first');
  for (let sequence = 2; sequence <= 100_001; sequence++) apply(sequence, `id${sequence}`);
  expect(await readsAfterUse([old, young])).toEqual([2, 2]);
  expect(await readsAfterUse([old, young])).toEqual([2, 2]);
});

test('of entries a hundred and twenty thousand are kept, and the latest read is the last to go', async () => {
  const known = knownOn('x');
  const first = presented('first', known);
  const second = presented('second', known);
  await readsAfterUse([first, second]);
  await readsAfterUse([first], 60_000); // too old: read again, and so the latest
  for (let at = 2; at <= 120_000; at++) await presented(`token-${at}`, known).use(60_000);
  expect(await readsAfterUse([first, second], 60_000)).toEqual([2, 2]);
});

test('of strangers ten thousand are kept, apart from what is known', async () => {
  const [known, first, last] = [presented('known', knownOn('x')), presented('first'), presented('last')];
  await readsAfterUse([known, first]);
  for (let at = 1; at < 10_000; at++) await presented(`stranger-${at}`).use();
  await last.use();
  expect(await readsAfterUse([known, last, first])).toEqual([1, 1, 2]);
});

test('what is not known any more is not known by an older read either, wherever the clock goes', async () => {
  let known: Known | undefined = knownOn('x');
  const find = (now: number) => Promise.resolve(verified.find(new Sensitive('one'), now, async () => known));
  expect(await find(0)).toBeDefined();
  known = undefined;
  expect(await find(60_000)).toBeUndefined();
  expect(await find(10)).toBeUndefined();
});

test('to forget all is to read all again, what is under way too', async () => {
  const [one, stranger] = [presented('one', knownOn('x')), presented('stranger')];
  await readsAfterUse([one, stranger]);
  const underWay = presented('slow', knownOn('y'));
  const asked = underWay.use();
  verified.forgetAll();
  await asked;
  expect(await readsAfterUse([one, stranger, underWay])).toEqual([2, 2, 2]);
});

test('a lookup that fails is shared by who asks meanwhile, and kept for nobody', async () => {
  let reads = 0;
  const ask = async () =>
    verified.find(new Sensitive('one'), 0, async () => {
      reads += 1;
      throw new Error('no database');
    });
  const asked = await Promise.allSettled([ask(), ask()]);
  expect([asked.map(({ status }) => status), reads]).toEqual([['rejected', 'rejected'], 1]);
  await expect(ask()).rejects.toThrow('no database');
  expect(reads).toBe(2);
});
