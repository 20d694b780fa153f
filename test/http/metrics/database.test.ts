import { beforeEach, expect, test } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import { LostRace } from '#store/sql/lost-race.ts';
import { openWorld, type World } from '#support/world.ts';
import { grownBy, scraped } from './scraped.ts';

let world: World;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token } = await world.person('admin', 'tenant-admin'));
  await scraped(world, token); // from here on in memory
});

async function grown(done: () => Promise<unknown>) {
  const before = await scraped(world, token);
  await done();
  const after = await scraped(world, token);
  const by = (result: string) => grownBy(before, after, 'countersign_database_transactions_total', { result });
  return {
    ...{ committed: by('committed'), rolledBack: by('rolled_back') },
    commits: grownBy(before, after, 'countersign_database_commits_total'),
    lostRaces: grownBy(before, after, 'countersign_database_lost_races_total'),
  };
}

/** Something that a transaction does, and leaves behind nothing. */
const harmless = () => world.deps.store.transact(async (tx) => void (await tx.jobs.bringForward(world.clock.now())));

test('a transaction counts once, by how it ended, and a look at the metrics is none', async () => {
  const undone = () =>
    world.deps.store.transact(async () => {
      throw new Error('on purpose');
    });
  const did = await grown(async () => {
    await harmless();
    for (let times = 0; times < 2; times += 1) await expect(undone()).rejects.toThrow('on purpose');
  });
  expect(did).toEqual({ committed: 1, rolledBack: 2, commits: 1, lostRaces: 0 });
});

test('those that arrive together share a commit where there is one writer, and none where each has a connection', async () => {
  const together = Array.from({ length: 5 }, () => harmless);
  const did = await grown(() => Promise.all(together.map((act) => act())));
  const commits = world.deps.store.isShared ? 5 : 1;
  expect(did).toEqual({ committed: 5, rolledBack: 0, commits, lostRaces: 0 });
});

test('one that loses a race, where there are races, is undone and counted, and then done', async () => {
  let runs = 0;
  const racing = () =>
    world.deps.store.transact(async () => {
      runs += 1;
      if (runs === 1 && world.deps.store.isShared) throw new LostRace();
    });
  const lost = world.deps.store.isShared ? 1 : 0;
  expect(await grown(racing)).toEqual({ committed: 1, rolledBack: lost, commits: 1, lostRaces: lost });
});

test('connections are those that are open, and none where the database was let go of', async () => {
  const openOf = async () => {
    const { value } = await scraped(world, token);
    return ['busy', 'idle'].map((state) => value('countersign_database_connections', { state }));
  };
  const [busy = 0, idle = 0] = await openOf();
  expect(busy + idle).toBeGreaterThanOrEqual(1);
  await world.deps.store.close();
  expect(await openOf()).toEqual([0, 0]);
});
