import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing } from '#support/parts.ts';
import { ownPostgres } from '#support/postgres.ts';
import { serve } from '#support/process.ts';
import { tcpProxyTo } from '#support/tcp-proxy.ts';
import { defectsAt } from './database.ts';
import {
  type Answered,
  clientOn,
  create,
  isFromMemory,
  loadOn,
  neverTheCredential,
  nodeOn,
  STALE_MS,
  standingOnceWell,
  untilWell,
  whoami,
} from './server.ts';

const GONE_MS = process.env.COUNTERSIGN_TEST_FULL === '1' ? 10_000 : 4_000;
/** For a node that hears nothing to find out, on a machine that is busy. */
const SLACK_MS = 1_500;
const HEARD_MS_MAX = 2_000;

describe.skipIf(!has('postgresql'))(needing('postgresql', 'a database on a server'), () => {
  test.each(['killed', 'stopped'] as const)(
    'that is %s for a while: what is known goes on for so long as may be, nothing answered is lost, and no restart is needed',
    { timeout: 120_000 },
    async (how) => {
      const cluster = await ownPostgres();
      const url = cluster.url('postgres');
      const { served, token } = await nodeOn(url);
      const stop = loadOn(served, token);
      await wait(1_000);
      const goneAt = performance.now();
      await (how === 'killed' ? cluster.kill() : cluster.stop('immediate'));
      await wait(GONE_MS);
      await cluster.start();
      await untilWell(served, token);
      const { looks, creates } = await stop();
      neverTheCredential([...looks, ...creates]);
      const during = looks.filter(({ at }) => at > goneAt && at < goneAt + GONE_MS);
      const late = during.filter(({ at }) => at > goneAt + STALE_MS + SLACK_MS);
      expect(during[0]?.status, 'what is remembered is believed for a while').toBe(200);
      expect(late.length).toBeGreaterThan(0);
      expect([...new Set(late.map(({ status }) => status))]).toEqual([503]);
      const answered = creates.flatMap(({ value }) => value ?? []);
      expect(answered.length).toBeGreaterThan(10);
      for (const value of answered) expect(await standingOnceWell(served, value)).toBe(200);
      served.process.kill('SIGTERM');
      expect(await served.ended).toMatchObject({ code: 0 });
      expect(defectsAt(url)).toEqual([]);
    },
  );

  test('of which one process crashes, and all its connections with it, is an outage of a moment', async () => {
    const cluster = await ownPostgres();
    const url = cluster.url('postgres');
    const { served, token } = await nodeOn(url);
    const stop = loadOn(served, token);
    await wait(500);
    const client = clientOn(url);
    await client.connect();
    const { rows } = await client.query(
      `select pid from pg_stat_activity where application_name = 'countersign' order by backend_start limit 1`,
    );
    process.kill(rows[0].pid, 'SIGKILL');
    await client.end().catch(() => {});
    await untilWell(served, token);
    const { looks, creates } = await stop();
    neverTheCredential([...looks, ...creates]);
    for (const { value } of creates) if (value !== undefined) expect(await standingOnceWell(served, value)).toBe(200);
    expect(defectsAt(url)).toEqual([]);
  });

  test('whose every connection is taken: whoever needs one is told of an outage, the rest goes on, and what others change is heard', async () => {
    const cluster = await ownPostgres({ fsync: false });
    const url = cluster.url('postgres');
    const { served, token } = await nodeOn(url, { COUNTERSIGN_DATABASE_CONNECTIONS: '1' });
    expect((await whoami(served, token)).status).toBe(200);
    const client = clientOn(url);
    await client.connect();
    await client.query('begin; lock table audit_entry in access exclusive mode');
    const waiting = [create(served, token, 'one'), create(served, token, 'two'), create(served, token, 'three')];
    await wait(200);
    const looks: Answered[] = [];
    while (looks.length < 20) looks.push(await whoami(served, token));
    expect([...new Set(looks.map(({ status }) => status))]).toEqual([200]);
    const answers = await Promise.all(waiting);
    neverTheCredential(answers);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    // As another node says of all its owner's tokens that they must be read again: for which there is no connection.
    const again = [create(served, token, 'four'), create(served, token, 'five')];
    await wait(200);
    const other = clientOn(url);
    await other.connect();
    await other.query(`begin; update change_counter set sequence = sequence + 1;
      insert into change_log (sequence, kind, id, at) select (select sequence from change_counter), 'principal', id, 0 from principal; commit`);
    await other.end();
    const latest = performance.now() + HEARD_MS_MAX;
    let last = await whoami(served, token);
    while (isFromMemory(last) && performance.now() < latest) last = await whoami(served, token);
    expect(isFromMemory(last)).toBe(false);
    neverTheCredential([last, ...(await Promise.all(again))]);
    await client.query('rollback');
    await client.end();
    await untilWell(served, token);
    expect(defectsAt(url).filter((what) => !/change/.test(what))).toEqual([]);
  }, 60_000);

  test('that takes no more connections is told of at a start, in words', async () => {
    const cluster = await ownPostgres({
      fsync: false,
      settings: { max_connections: '5', superuser_reserved_connections: '0' },
    });
    const clients = Array.from({ length: 5 }, () => clientOn(cluster.url('postgres')));
    for (const client of clients) await client.connect();
    const env = { COUNTERSIGN_DATABASE_URL: cluster.url('postgres') };
    const refused = await serve(temporaryFolder(), { env });
    expect(refused).toMatchObject({ code: 1, said: expect.stringContaining('it takes no more connections') });
    expect(refused).toMatchObject({ said: expect.not.stringMatching(/\n\s+at /) });
    for (const client of clients) await client.end();
  });

  test('that answers slowly, each word a fifth of a second late, costs time and nothing else', {
    timeout: 60_000,
  }, async () => {
    const cluster = await ownPostgres({ fsync: false });
    const proxy = await tcpProxyTo(cluster.port);
    const url = cluster.url('postgres').replace(`:${cluster.port}/`, `:${proxy.port}/`);
    const { served, token } = await nodeOn(url, { COUNTERSIGN_MAX_STALE_MS: '5000' });
    expect((await whoami(served, token)).status).toBe(200);
    proxy.slow(200);
    const creates = Promise.all([1, 2, 3].map((n) => create(served, token, `slow-${n}`)));
    const took: number[] = [];
    for (let n = 0; n < 50; n++) {
      const begun = performance.now();
      expect((await whoami(served, token)).status).toBe(200);
      took.push(performance.now() - begun);
    }
    expect((await creates).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(took.filter((ms) => ms > 200).length, 'what is remembered waits for no database').toBeLessThan(5);
    proxy.slow(0);
    served.process.kill('SIGTERM');
    expect(await served.ended).toMatchObject({ code: 0 });
    expect(defectsAt(cluster.url('postgres'))).toEqual([]);
  });
});
