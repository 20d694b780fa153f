import { beforeEach, describe, expect, test } from 'vitest';
import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import { type Core, openCore } from '#support/core.ts';
import { recordDenial } from '../doors.ts';
import { flush } from '../flush.ts';
import { Denials } from './denials.ts';

const MINUTE_MS = 60_000;
const on = (resource: string): Act => ({ action: 'personal-access-token:Revoke', resource });

let core: Core;
let nobody: Caller;
beforeEach(async () => {
  core = await openCore();
  core.clock.advance(MINUTE_MS - (core.clock.now() % MINUTE_MS)); // at the beginning of a minute
  nobody = await core.user('bob');
});

const refuse = (resource: string, caller = nobody) => recordDenial(core.deps, caller, on(resource));
const written = async () =>
  (await core.audit()).map(({ action, resource, details }) => ({ action, resource, details }));
const first = (resource: string) => ({ ...on(resource), details: {} });
const summary = (repeated: number, ...resources: string[]) => ({
  ...on('personal-access-token/'),
  details: { repeated, resources },
});

test('of each caller, action and minute the first is an entry at once, the rest one entry when the minute is over', async () => {
  for (const id of ['a', 'b', 'c', 'b']) await refuse(`personal-access-token/${id}`);
  expect(await written()).toEqual([first('personal-access-token/a')]);
  await flush(core.deps);
  expect(await written()).toHaveLength(1);
  core.clock.advance(MINUTE_MS);
  await flush(core.deps);
  const repeated = summary(3, 'personal-access-token/b', 'personal-access-token/c');
  expect(await written()).toEqual([first('personal-access-token/a'), repeated]);
  await flush(core.deps);
  expect(await written()).toHaveLength(2);
});

test('a summary names the first hundred distinct resources, and counts all', async () => {
  for (let at = 0; at <= 250; at++) await refuse(`personal-access-token/${at % 150}`);
  core.clock.advance(MINUTE_MS);
  await flush(core.deps);
  const named = Array.from({ length: 100 }, (_, at) => `personal-access-token/${at + 1}`);
  expect((await written())[1]).toEqual(summary(250, ...named));
});

test('one that was not repeated has no summary', async () => {
  await refuse('personal-access-token/a');
  core.clock.advance(MINUTE_MS);
  await flush(core.deps);
  expect(await written()).toEqual([first('personal-access-token/a')]);
});

test('the next minute begins with an entry again, and loses nothing of the last', async () => {
  for (const id of ['a', 'b']) await refuse(`personal-access-token/${id}`);
  core.clock.advance(MINUTE_MS);
  await refuse('personal-access-token/c');
  await flush(core.deps);
  expect(await written()).toEqual([
    first('personal-access-token/a'),
    first('personal-access-token/c'),
    summary(1, 'personal-access-token/b'),
  ]);
});

test('another caller, another action and the same caller’s tenant are counted apart', async () => {
  const carol = await core.user('carol');
  await refuse('x');
  await refuse('x', carol);
  await recordDenial(core.deps, nobody, { action: 'user:ManageUsers', resource: 'x' });
  await refuse('x', { ...nobody, tenant: { ...nobody.tenant, id: 'other' as never } });
  expect(await core.audit()).toHaveLength(4);
});

test.each([
  { who: 'who show no credential are told apart by where they come from', kind: 'none', entries: 2 },
  { who: 'who show one are one, wherever they come from', kind: 'token', entries: 1 },
] as const)('callers $who', async ({ kind, entries }) => {
  const credential = { kind, id: kind === 'none' ? undefined : 'a' } as Caller['credential'];
  const from = (address: string) => ({ ...nobody, credential, origin: { ...nobody.origin, address } });
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) await refuse('x', from(address));
  const addresses = await core.rows(`select address from audit_entry order by ${core.asWritten}`);
  expect(addresses.map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.2'].slice(0, entries));
  await flush(core.deps, true);
  expect((await written()).at(-1)?.details).toMatchObject({ repeated: 3 - entries });
});

test('at the end even the current minute is written', async () => {
  for (const id of ['a', 'b']) await refuse(`personal-access-token/${id}`);
  await flush(core.deps, true);
  expect(await written()).toEqual([first('personal-access-token/a'), summary(1, 'personal-access-token/b')]);
});

test('summaries that cannot be written stay, and are tried again', async () => {
  const carol = await core.user('carol');
  for (const caller of [nobody, carol])
    for (const id of ['a', 'b']) await refuse(`personal-access-token/${id}`, caller);
  const { mended } = await core.breakAudit();
  await expect(flush(core.deps, true)).rejects.toThrow('audit is broken');
  await expect(flush(core.deps, true)).rejects.toThrow('audit is broken');
  await mended();
  await flush(core.deps);
  const one = summary(1, 'personal-access-token/b');
  expect((await written()).slice(2)).toEqual([one, one]);
});

test('what was counted while the first could not be written is not lost with it', async () => {
  const { mended } = await core.breakAudit();
  const failing = refuse('personal-access-token/a');
  await refuse('personal-access-token/b'); // counted, while the first is on its way
  await expect(failing).rejects.toThrow('audit is broken');
  await mended();
  await refuse('personal-access-token/c');
  await flush(core.deps, true);
  expect(await written()).toEqual([first('personal-access-token/c'), summary(1, 'personal-access-token/b')]);
});

test('a summary says who it was, and that it was denied', async () => {
  for (const id of ['a', 'b']) await refuse(`personal-access-token/${id}`);
  await flush(core.deps, true);
  expect((await core.audit())[1]).toMatchObject({
    ...{ principal: nobody.principal.id, surface: 'rest', decision: 'denied', at: core.clock.now() },
  });
});

describe('what is remembered is bounded', () => {
  test('beyond ten thousand callers every denial is written, which loses nothing', () => {
    const denials = new Denials();
    const caller = (at: number) => ({ ...nobody, principal: { ...nobody.principal, id: `p${at}` as never } });
    for (let at = 0; at < 10_000; at++) expect(denials.isFirst(caller(at), on('x'), 0)).toBe(true);
    expect([1, 2, 3].map(() => denials.isFirst(caller(10_000), on('x'), 0))).toEqual([true, true, true]);
    expect(denials.isFirst(caller(0), on('x'), 0)).toBe(false);
    denials.take(MINUTE_MS, false);
    expect([1, 2].map(() => denials.isFirst(caller(10_000), on('x'), MINUTE_MS))).toEqual([true, false]);
  });
});
