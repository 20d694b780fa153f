import { expect, test } from 'vitest';
import { Sensitive } from '#domain/sensitive.ts';
import { openWorld, type World } from '#support/world.ts';
import { asking, puttingSettings, rowNamed, statusOf } from './asked.ts';
import { remembered } from './outcome.ts';
import { OWN_TOKENS, PATS, post } from './provoked.ts';
import { answerIn, rawSocket, saidOn } from './raw-socket.ts';

type Begun = {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
};
const CREATE: Begun = post(PATS, { name: 'successor' });

/** A request whose head and half of whose body have arrived; the rest comes when it is told to. */
async function begun(world: World, token: string, { method, path, body, headers = {} }: Begun = CREATE) {
  const socket = await rawSocket(world.origin);
  const said = saidOn(socket);
  const head = [
    `${method} ${path} HTTP/1.1`,
    'host: here',
    'connection: close',
    `authorization: Bearer ${token}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 3)}`);
  await arrived(world);
  return async () => {
    socket.write(body.slice(3));
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

/** Every other change, as an administrator asks it. */
const CHANGES: Readonly<Record<string, (ids: { readonly spare: string }) => Begun>> = {
  'creating one of ours': () => post(OWN_TOKENS, { name: 'successor' }),
  'creating one for another': () => post(`${PATS}/for-user`, { name: 'successor', userEmail: 'bob@example.com' }),
  renaming: ({ spare }) => ({ ...post(`${OWN_TOKENS}/${spare}`, { name: 'successor' }), method: 'PATCH' }),
  revoking: ({ spare }) => post(`${OWN_TOKENS}/${spare}/revoke`, { reason: 'leaked' }),
  'loosening the settings': () => puttingSettings({ countMax: 1_000 }),
};

test.each(Object.entries(CHANGES))(
  'whoever is cut off while %s leaves everything as it was (I3)',
  async (_, change) => {
    const world = await openWorld();
    const { token } = await world.person('root', 'tenant-admin');
    await world.user('bob', 'tenant-member');
    const root = asking(world, token);
    const [victim, spare] = [
      (await root.ownCreate({ name: 'victim' })).body,
      (await root.ownCreate({ name: 'spare' })).body,
    ];
    const finish = await begun(world, victim.value, change({ spare: spare.token.id }));
    await root.ownRevoke(victim.token.id);
    const before = await remembered(world);
    expect((await finish()).status).toBe(401);
    expect(await remembered(world)).toEqual(before);
  },
);

test('a key that was good when its request began gives no value again after its end', async () => {
  const world = await openWorld();
  const { token } = await world.person('alice', 'tenant-member');
  const alice = asking(world, token);
  const victim = (await alice.ownCreate({ name: 'victim' })).body;
  const key = { 'idempotency-key': 'once' };
  const sent = post(OWN_TOKENS, { name: 'successor' });
  const by = asking(world, new Sensitive(victim.value));
  const { value } = (await by.ownCreate({ name: 'successor' }, key)).body;
  const finish = await begun(world, victim.value, { ...sent, headers: { ...sent.headers, ...key } });
  await alice.ownRevoke(victim.token.id);
  const answer = await finish();
  expect([answer.status, answer.text.includes(value)]).toEqual([401, false]);
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
