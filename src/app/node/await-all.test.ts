import { beforeEach, describe, expect, test } from 'vitest';
import type { NodeId } from '#ports/nodes.ts';
import { type Core, openCore } from '#support/core.ts';
import { ENGINE } from '#support/database.ts';
import { catchUp } from '../token/catch-up.ts';
import { goneAfterMs } from '../token/feed.ts';
import { revokePat } from '../token/revoke.ts';
import { acknowledge } from './acknowledge.ts';
import { awaitAll, boundsInForce } from './await-all.ts';

const STALE_MS = 5_000;
const HERE = 'here';

let core: Core;
beforeEach(async () => {
  core = await openCore();
  await core.deps.store.transact((tx) => tx.changes.append([{ kind: 'token', id: 'moved' }]));
});

/** Another process, as it last said that it is there. */
async function other(name: string, { sequence = 0, staleMsMax = STALE_MS, saidMsAgo = 0 } = {}): Promise<void> {
  const id = name.padEnd(24, 'x') as NodeId;
  await core.deps.store.transact((tx) => tx.nodes.seen({ id, name, sequence, staleMsMax }));
  await core.tamper('update node set seen_at = seen_at - ? where id = ?', saidMsAgo, id);
}

const waited = async () => {
  const begun = core.clock.now();
  const heard = await awaitAll(core.deps);
  return { ...heard, waitedMs: core.clock.now() - begun };
};

test('who says that it is there says how far, and is believed to be there', async () => {
  const { deps, clock } = core;
  await catchUp(deps);
  clock.advance(goneAfterMs(deps.feed));
  await catchUp(deps);
  expect(deps.feed.isHeard()).toBe(!deps.store.isShared);
  await acknowledge(deps);
  expect(deps.feed.isHeard()).toBe(true);
  expect(await deps.store.nodes.list()).toMatchObject([{ name: HERE, sequence: await deps.store.changes.latest() }]);
});

if (ENGINE === 'sqlite')
  test('nobody is waited for where nobody shares the database', async () => {
    expect(await waited()).toEqual({ acknowledged: [HERE], silent: [], late: [], waitedMs: 0 });
  });
else
  describe('of those that share the database', () => {
    test('who has said that it is so far is not waited for; who has not is, for as long as it may believe', async () => {
      await other('far', { sequence: await core.deps.store.changes.latest() });
      await other('near');
      const { waitedMs, ...heard } = await waited();
      expect(heard).toEqual({ acknowledged: [HERE, 'far'], silent: ['near'], late: [] });
      expect(waitedMs).toBeGreaterThan(STALE_MS);
      expect(waitedMs).toBeLessThan(STALE_MS + 2_000);
    });

    test('who has said nothing lately is waited for all the same: it may have heard until a moment ago', async () => {
      await other('mute', { saidMsAgo: goneAfterMs({ staleMsMax: STALE_MS }) - 5_000 });
      expect((await waited()).waitedMs).toBeGreaterThan(STALE_MS);
    });

    test('who is gone is named, and holds nobody up', async () => {
      await other('gone', { saidMsAgo: goneAfterMs({ staleMsMax: STALE_MS }) + 2_000 });
      expect(await waited()).toEqual({ acknowledged: [HERE], silent: ['gone'], late: [], waitedMs: 0 });
    });

    test('who may believe for longer than anybody waits is late, and its number is the one in force', async () => {
      await other('patient', { staleMsMax: 60_000 });
      expect(await waited()).toMatchObject({ acknowledged: [HERE], silent: [], late: ['patient'] });
      expect((await boundsInForce(core.deps)).staleMsMax).toBe(60_000);
    });

    test('one that finds the database behind what it has heard begins anew, and misses nothing after that (I3)', async () => {
      const { deps } = core;
      const ada = await core.user('ada', 'tenant-member');
      const token = await core.pat(ada, 'deploy');
      for (const id of ['one', 'two']) await deps.store.transact((tx) => tx.changes.append([{ kind: 'token', id }]));
      await catchUp(deps);
      const { credential } = await core.callerBy(token); // in memory from here on
      await core.tamper('update change_counter set sequence = 1');
      await core.tamper('delete from change_log where sequence > 1');
      await catchUp(deps);
      expect(deps.verified.sequence).toBe(1);
      if (credential.kind !== 'token') expect.unreachable();
      else await revokePat(deps, ada, credential.pat);
      expect(await core.standing(token)).toBe('revoked');
    });
  });
