import { expect, onTestFinished, test } from 'vitest';
import type { Deps } from '#app/deps.ts';
import { openHttp } from '#main/open.ts';
import { readPages } from '#main/pages.ts';
import { openCore } from '#support/core.ts';
import { openWorld, sendTo } from '#support/world.ts';
import { METRICS, scraped } from './scraped.ts';

test('while the database is gone, whoever is known is told so, and of everything that needs none', async () => {
  const world = await openWorld();
  const { token } = await world.person('admin', 'tenant-admin');
  const before = await scraped(world, token);
  expect(before.value('countersign_database_up')).toBe(1);
  expect(before.families.has('countersign_jobs')).toBe(true);
  await world.deps.store.close();
  const after = await scraped(world, token);
  expect(after.value('countersign_database_up')).toBe(0);
  expect(after.value('countersign_verifications_total', { result: 'ok' })).toBe(2);
  const gone = [...before.families.keys()].filter((name) => !after.families.has(name));
  expect(gone).toEqual(['countersign_jobs', 'countersign_jobs_overdue_seconds']); // nobody knows: not what they once were
  world.deps.verified.forgetAll();
  expect((await world.send({ ...METRICS, token })).status).toBe(503); // nobody knows who asks
});

test('a database that says nothing holds up a look for a second, and is asked once however many look', async () => {
  const core = await openCore();
  let asked = 0;
  const silent = {
    ...core.deps.store.jobs,
    counts: () => {
      asked += 1;
      return new Promise<never>(() => {});
    },
  };
  const deps: Deps = { ...core.deps, store: { ...core.deps.store, jobs: silent } };
  const site = { tenant: core.tenant, version: '0.0.0', origin: () => '' };
  const server = openHttp(deps, { site, pages: readPages(), report: () => {} });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  const token = await core.pat(await core.user('admin', 'tenant-admin'), 'first');
  const send = (sent: Parameters<typeof sendTo>[1]) => sendTo(origin, sent);
  const looks = await Promise.all([scraped({ send }, token), scraped({ send }, token), scraped({ send }, token)]);
  expect(looks.map((look) => look.value('countersign_database_up'))).toEqual([0, 0, 0]);
  expect(asked).toBe(1);
});
