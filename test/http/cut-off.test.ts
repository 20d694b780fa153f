import { expect, test } from 'vitest';
import { openWorld, type World } from '#support/world.ts';
import { asking, rowNamed, statusOf } from './asked.ts';
import { answerIn, rawSocket, saidOn } from './raw-socket.ts';

const BODY = JSON.stringify({ name: 'successor' });

/** A create whose head and half of whose body have arrived; the rest comes when it is told to. */
async function begun(world: World, token: string) {
  const socket = await rawSocket(world.origin);
  const said = saidOn(socket);
  const head = [
    'POST /api/svc/v1/personal-access-tokens HTTP/1.1',
    'host: here',
    'connection: close',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${BODY.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${BODY.slice(0, 3)}`);
  await arrived(world);
  return async () => {
    socket.write(BODY.slice(3));
    return answerIn(await said);
  };
}

/** Whatever was sent before on another connection has been read by then: one process, one turn after the other. */
const arrived = async (world: World): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await world.send({ method: 'GET', path: '/health' });
};

test('whoever is cut off while their body is on its way makes nothing more with it (I3)', async () => {
  const world = await openWorld();
  const { token } = await world.person('alice', 'tenant-member');
  const alice = asking(world, token);
  const victim: string = (await alice.create({ name: 'victim' })).body.token;
  const finish = await begun(world, victim);
  await alice.remove((await rowNamed(alice.list, 'victim')).id);
  expect((await finish()).status).toBe(401);
  expect((await alice.list('?nameSearchQuery=successor')).body.pagination.total).toBe(0);
});

test('a token that expires while its body is on its way makes nothing more', async () => {
  const world = await openWorld();
  const { token } = await world.person('alice', 'tenant-member');
  const alice = asking(world, token);
  const expirationDate = new Date(world.clock.now() + 1_000).toISOString();
  const victim: string = (await alice.create({ name: 'victim', expirationDate })).body.token;
  expect(await statusOf(world, victim)).toBe(200);
  const finish = await begun(world, victim);
  world.clock.advance(1_000);
  expect((await finish()).status).toBe(401);
  expect((await alice.list('?nameSearchQuery=successor')).body.pagination.total).toBe(0);
});

test('of creates and a revoke at the same instant, none that is answered later than the revoke leaves a live token', async () => {
  const world = await openWorld();
  const { token, caller } = await world.person('alice', 'tenant-member');
  const admin = asking(world, (await world.person('root', 'tenant-admin')).token);
  const alice = asking(world, token);
  const creates = Array.from({ length: 30 }, (_, n) => alice.create({ name: `t-${n}` }));
  await Promise.all([...creates, admin.revokeAll(caller.principal.name)]);
  const late = await alice.create({ name: 'late' });
  expect(late.status).toBe(401);
  for (const { status, body } of await Promise.all(creates)) {
    if (status === 200) expect(await statusOf(world, body.token)).toBe(401);
  }
});
