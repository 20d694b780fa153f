import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { REVOCATION_BOUND_MS } from '#domain/revocation.ts';
import { temporaryFolder } from '#support/folder.ts';
import { ownPostgres } from '#support/postgres.ts';
import { ADMIN_EMAIL, ADMIN_PASSWORD, type Served, spawned, unattended } from '#support/process.ts';
import { JSON_TYPE } from '#support/world.ts';
import {
  createAt,
  isPostgresHere,
  listening,
  type Node,
  needingPostgres,
  newRootKey,
  nodeOn,
  nodesOn,
  placeOn,
  revokeAt,
  standingAt,
  startOn,
  told,
} from './nodes.ts';

const ROUNDS = 100;
const [ACCEPTED, REFUSED] = [200, 401];
const cluster = isPostgresHere ? await ownPostgres({ fsync: false }) : undefined;
const newPlace = () => placeOn(cluster as NonNullable<typeof cluster>);

describe.skipIf(!isPostgresHere)(needingPostgres('nodes on one database behave as one'), () => {
  test.each(['opaque', 'jwt'] as const)(
    'a token (%s) that one creates works at the next at once; what one revokes is refused there',
    {
      timeout: 120_000,
    },
    async (format) => {
      const { nodes, token } = await nodesOn(await newPlace(), 3);
      const at = (round: number) => nodes[round % nodes.length] as Node;
      for (let round = 0; round < ROUNDS; round += 1) {
        const { id, value } = await createAt(at(round), token, `token-${round}`, format);
        const created = await Promise.all([1, 2].map((by) => standingAt(at(round + by), value)));
        await revokeAt(at(round + 1), token, id, { wait: true });
        const revoked = await Promise.all(nodes.map((node) => standingAt(node, value)));
        expect([created, revoked]).toEqual([[ACCEPTED, ACCEPTED], nodes.map(() => REFUSED)]);
      }
    },
  );

  test('a JWT by a key that another node has just made works, and none by a key that another has withdrawn', {
    timeout: 120_000,
  }, async () => {
    const { nodes, token } = await nodesOn(await newPlace(), 2);
    const [one, other] = nodes as [Node, Node];
    for (let round = 0; round < 5; round += 1) {
      const [before, here] = [await createAt(one, token, `before-${round}`, 'jwt'), round % 2 === 0 ? one : other];
      const there = here === one ? other : one;
      expect(await standingAt(there, before.value)).toBe(ACCEPTED);
      await withdrawn(here);
      const after = await createAt(here, token, `after-${round}`, 'jwt');
      expect(await standingAt(there, after.value)).toBe(ACCEPTED);
      await refusedSoon(there, before.value);
      const next = await createAt(there, token, `next-${round}`, 'jwt');
      expect([kidOf(next.value), await standingAt(here, next.value)]).toEqual([kidOf(after.value), ACCEPTED]);
    }
  });

  test.each([2, 5])(
    '%i that start at once on an empty database make its tables, a tenant, and a set of keys once',
    {
      timeout: 120_000,
    },
    async (count) => {
      const place = await newPlace();
      const given = unattended(temporaryFolder());
      const started = Array.from({ length: count }, () => startOn(place, given.env).started);
      const nodes = (await Promise.all(started)).map(listening);
      const made = await told(
        place.url,
        `select (select json_agg(number order by number) from migration) as migrations,
        (select json_agg(purpose order by purpose) from wrapped_key) as keys,
        (select count(*)::int from tenant) as tenants, (select count(*)::int from principal) as people`,
      );
      expect(made).toEqual([
        {
          migrations: expect.toSatisfy((numbers: number[]) => numbers.every((number, at) => number === at + 1)),
          keys: ['row-mac', 'tenant-kek', 'token-pepper', 'token-signing'],
          ...{ tenants: 1, people: 1 },
        },
      ]);
      expect(await Promise.all(nodes.map(signedIn))).toEqual(nodes.map(() => ACCEPTED));
    },
  );

  test('each hears from a revoke that waited which others have said so, and the numbers of whoever believes the longest', {
    timeout: 60_000,
  }, async () => {
    const place = await newPlace();
    const { nodes, token } = await nodesOn(place, 2);
    const patient = await nodeOn(place, { COUNTERSIGN_MAX_STALE_MS: '60000' });
    const { id } = await createAt(patient, token, 'deploy');
    const all = [...nodes, patient];
    const asked = await revokeAt(nodes[1] as Node, token, id, { wait: true });
    expect(asked).toEqual({
      ...{ boundMs: 1_000, staleMsMax: 60_000 },
      nodes: { acknowledged: expect.toSatisfy(namesOf(all)), silent: [], late: [] },
    });
    await stopped(patient);
    const again = await revokeAt(nodes[0] as Node, token, id, { wait: true });
    expect(again).toEqual({
      ...{ boundMs: 1_000, staleMsMax: 5_000 },
      nodes: { acknowledged: expect.toSatisfy(namesOf(nodes)), silent: [], late: [] },
    });
  });

  test('one with another root key does not start, and says which it has and which it needs', {
    timeout: 60_000,
  }, async () => {
    const place = await newPlace();
    await stopped(await nodeOn(place));
    const stranger = await startOn({ ...place, rootKeyFile: newRootKey() }).started;
    expect(stranger).toMatchObject({
      code: 1,
      said: expect.stringMatching(/The root key .* is .*, but the database was begun with .*\. Put the right one back/),
    });
    await stopped(await nodeOn(place));
  });

  test('one whose program is older than the database does not start, and changes nothing there', {
    timeout: 60_000,
  }, async () => {
    const place = await newPlace();
    await stopped(await nodeOn(place));
    await told(place.url, `insert into migration (number, name, applied_at) values (999, 'from the future', 1)`);
    const before = await told(place.url, 'select * from migration');
    expect(await startOn(place).started).toMatchObject({
      code: 1,
      said: expect.stringMatching(/This database is at version 999, and this program knows versions up to/),
    });
    expect(await told(place.url, 'select * from migration')).toEqual(before);
  });
});

const kidOf = (jwt: string): string => JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()).kid;

/** As the operator of that machine does it: all that the old keys signed has ended. */
async function withdrawn({ data }: Node): Promise<void> {
  expect(await spawned(['withdraw-signing-keys', '--data', data]).ended).toMatchObject({ code: 0 });
}

/** Within the bound after a change that is done: of a revoke that nobody waited for, this is what others are told. */
async function refusedSoon(node: Served, value: string): Promise<void> {
  const until = performance.now() + REVOCATION_BOUND_MS;
  while ((await standingAt(node, value)) !== REFUSED) expect(performance.now()).toBeLessThan(until);
}

/** As their operators know them: machine and process. */
const namesOf = (nodes: readonly Served[]) => (names: readonly string[]) =>
  [...names].sort().join() ===
  nodes
    .map(({ process }) => `${hostname()}/${process.pid}`)
    .sort()
    .join();

async function stopped({ process, ended }: Served): Promise<void> {
  process.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 0 });
}

const signedIn = async ({ send }: Served): Promise<number> => {
  const body = JSON.stringify({ email: ADMIN_EMAIL, password: ADMIN_PASSWORD });
  return (
    await send({
      method: 'POST',
      path: '/auth/sign-in',
      headers: { ...JSON_TYPE, 'sec-fetch-site': 'same-origin' },
      body,
    })
  ).status;
};
