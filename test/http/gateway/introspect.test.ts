import { once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { mint } from '#crypto/opaque.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { ISSUER } from '#support/core.ts';
import { flushed } from '#support/flushed.ts';
import { statementsOf } from '#support/statements.ts';
import { JSON_TYPE, openWorld, type World } from '#support/world.ts';
import { formOf } from '../../authz/matrix.ts';
import { secondTenant } from '../../authz/second-tenant.ts';
import { asking, rowNamed, type Said, saidIn, statusOf } from '../asked.ts';
import { answerIn, rawSocket, saidOn } from '../raw-socket.ts';
import { accountOf, basic, gateway, INACTIVE, INTROSPECT, introspector } from './presenting.ts';

const NEVER_SECONDS = Date.UTC(2999, 11, 31) / 1000;

let world: World;
let asker: Awaited<ReturnType<typeof introspector>>;
let alice: Awaited<ReturnType<World['person']>>;
let introspect: ReturnType<typeof gateway>['introspect'];
beforeEach(async () => {
  world = await openWorld();
  asker = await introspector(world);
  alice = await world.person('alice', 'tenant-member');
  ({ introspect } = gateway(world, asker.token));
});

const never = () => mint('pat', world.random).reveal();
const form = (body: object) => ({ method: 'POST', path: INTROSPECT, ...formOf(body) });

describe('a token that is good', () => {
  test('is told of as RFC 7662 says it, and by nothing else', async () => {
    const row = await rowNamed(asking(world, alice.token).list, 'first');
    const answer = await world.send({ ...form({ token: alice.token.reveal() }), token: asker.token });
    expect(answer.headers).toMatchObject({
      ...{ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', pragma: 'no-cache' },
    });
    expect(saidIn(answer)).toEqual({
      status: 200,
      body: {
        ...{ active: true, token_type: 'Bearer', sub: alice.caller.principal.id, username: 'alice@example.com' },
        ...{ iss: ISSUER, aud: ISSUER, jti: row.jwtId, iat: world.clock.now() / 1000, exp: NEVER_SECONDS },
        ...{ tenantName: 'default', subjectType: 'user', kind: 'pat' },
      },
    });
  });

  test('that is a JWT says what its claims say, and ends no later than it', async () => {
    const until = world.clock.now() + 3_600_900;
    const jwt = (await world.pat(alice.caller, 'signed', until, 'jwt')).reveal();
    const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
    const { status, body } = await introspect(jwt, { token_type_hint: 'access_token' });
    const { subjectType: _, userType: __, rnd: ___, email: ____, ...same } = claims;
    expect({ status, body }).toEqual({
      status: 200,
      body: { active: true, token_type: 'Bearer', ...same, subjectType: 'user', kind: 'pat' },
    });
    expect(body.exp).toBe(Math.floor(until / 1000));
  });

  test('of a virtual account names it as its own client', async () => {
    const { id, value } = await accountOf(world, 'robot');
    expect((await introspect(value.reveal())).body).toMatchObject({
      ...{ active: true, sub: id, client_id: id, username: 'robot', subjectType: 'virtualaccount', kind: 'va' },
    });
  });

  test('may be the very one that asks, and need not be: nobody learns of others by asking about themselves', async () => {
    expect((await introspect(asker.token.reveal())).body).toMatchObject({
      active: true,
      username: 'gateway@example.com',
    });
  });
});

describe('a token that is not', () => {
  test.each<[string, () => Promise<string> | string]>([
    ['never issued', never],
    ['of a wrong checksum', () => `${alice.token.reveal().slice(0, -1)}_`],
    ['no token', () => 'secret'],
    ['a session', async () => String((await world.browserOf(alice.caller)).cookie).split('=')[1] ?? ''],
    ['a JWT of somebody else', () => 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln'],
    [
      'revoked',
      async () => {
        await asking(world, alice.token).remove((await rowNamed(asking(world, alice.token).list, 'first')).id);
        return alice.token.reveal();
      },
    ],
    [
      'expired',
      async () => {
        const token = await world.pat(alice.caller, 'short', world.clock.now() + 1);
        world.clock.advance(1);
        return token.reveal();
      },
    ],
    [
      'of one who is deactivated',
      async () => {
        await world.deactivate(alice.caller);
        world.deps.verified.forgetAll();
        return alice.token.reveal();
      },
    ],
    ['another tenant’s', async () => (await (await secondTenant(world)).person('bob', 'tenant-admin')).token.reveal()],
  ])('%s: one answer', async (_, token) => {
    expect(await introspect(await token())).toEqual(INACTIVE);
  });

  test('of another tenant is looked for by the statements of one that was never issued, and leaves no more behind (I6)', async () => {
    const { person } = await secondTenant(world);
    const [theirs, dead] = [(await person('bob', 'tenant-admin')).token, (await person('eve', 'tenant-member')).token];
    await asking(world, dead).remove((await rowNamed(asking(world, dead).list, 'first')).id);
    await introspect(asker.token.reveal()); // the gateway itself is in memory from here on
    await flushed(world.deps);
    const cost = async (token: string) => (await statementsOf(() => introspect(token))).statements;
    const [unknown] = [await cost(never())];
    expect(unknown).toHaveLength(1);
    expect(await statusOf(world, theirs.reveal())).toBe(200); // at home it is in memory
    for (const token of [theirs, dead]) {
      expect(await cost(token.reveal())).toEqual(unknown);
      expect(await cost(token.reveal())).toEqual([]);
    }
    expect(await statusOf(world, theirs.reveal())).toBe(200); // and is no stranger there since
    await flushed(world.deps);
    expect(await world.rows(`select surface from token_use where surface = 'introspection'`)).toHaveLength(1); // of the gateway
    expect((await world.audit()).filter(({ action }) => action === 'personal-access-token:UseAfterEnd')).toEqual([]);
  });
});

describe('what it leaves behind', () => {
  const used = async () => {
    await flushed(world.deps);
    return (await asking(world, alice.token).ownList()).body.data[0];
  };

  test('is a use of the token at somebody’s gateway, from an address that nobody here has seen', async () => {
    await introspect(alice.token.reveal());
    expect(await used()).toMatchObject({ lastUsed: { surface: 'introspection', address: null } });
  });

  test('of a dead one is a use after its end, under its owner, and not from the gateway’s address', async () => {
    const spare = await world.pat(alice.caller, 'spare');
    const { id } = await rowNamed(asking(world, alice.token).list, 'spare');
    await asking(world, alice.token).remove(id);
    await introspect(spare.reveal());
    await flushed(world.deps);
    expect((await world.audit()).at(-1)).toMatchObject({
      ...{ action: 'personal-access-token:UseAfterEnd', resource: `personal-access-token/${id}` },
      ...{ principal: alice.caller.principal.id, surface: 'introspection', decision: 'denied' },
    });
    const origins = await world.rows(`select address, user_agent from audit_entry order by ${world.asWritten}`);
    expect(origins.at(-1)).toEqual({ address: null, user_agent: null });
  });

  test('is no entry, and no statement once both are in memory', async () => {
    await introspect(alice.token.reveal());
    const before = await world.audit();
    const { statements } = await statementsOf(() => introspect(alice.token.reveal()));
    expect(statements).toEqual([]);
    expect(await world.audit()).toEqual(before);
  });

  test('a revoke is heard at once, though it was in memory', async () => {
    const jwt = await world.pat(alice.caller, 'signed', undefined, 'jwt');
    const { id } = await rowNamed(asking(world, alice.token).list, 'signed');
    expect((await introspect(jwt.reveal())).body.active).toBe(true);
    await asking(world, alice.token).remove(id);
    expect(await introspect(jwt.reveal())).toEqual(INACTIVE);
  });
});

describe('who may ask', () => {
  test('is who holds token:Introspect: else 403, on the record, whatever is presented', async () => {
    const { token } = alice;
    const answers: Said[] = [];
    for (const presented of [token.reveal(), never(), 'x'])
      answers.push(await gateway(world, token).introspect(presented));
    expect(answers[0]).toEqual({
      status: 403,
      body: { statusCode: 403, code: 'forbidden', message: 'This needs token:Introspect.' },
    });
    expect(answers).toEqual(answers.map(() => answers[0]));
    expect((await world.audit()).at(-1)).toMatchObject({
      ...{ action: 'token:Introspect', resource: 'token/', decision: 'denied', principal: alice.caller.principal.id },
    });
  });

  test('says so by a token as a Bearer, or as the password of HTTP Basic, whatever the name', async () => {
    for (const name of ['', 'nginx', 'a name with spaces', 'ä']) {
      const headers = { ...form({}).headers, ...basic(name, asker.token.reveal()) };
      const answer = await world.send({ ...form({ token: alice.token.reveal() }), headers });
      expect([answer.status, saidIn(answer).body.active]).toEqual([200, true]);
    }
  });

  test('hears what is taken, and what was wrong with what they sent', async () => {
    const asked = async (headers: Readonly<Record<string, string>>) => {
      const answer = await world.send({
        ...form({ token: alice.token.reveal() }),
        headers: { ...form({}).headers, ...headers },
      });
      return [answer.status, saidIn(answer).body.code, answer.headers['www-authenticate']];
    };
    const [BEARER, BASIC] = ['Bearer', 'Basic realm="countersign", charset="UTF-8"'];
    expect(await asked({})).toEqual([401, 'unauthenticated', `${BEARER}, ${BASIC}`]);
    expect(await asked({ authorization: `Bearer ${never()}` })).toEqual([
      401,
      'unauthenticated',
      'Bearer error="invalid_token"',
    ]);
    expect(await asked(basic('x', never()))).toEqual([401, 'unauthenticated', BASIC]);
    for (const bad of ['Basic', 'Basic !!', 'Basic Og', 'Digest x', basic('x', '').authorization])
      expect((await asked({ authorization: bad })).slice(0, 2)).toEqual([401, 'unauthenticated']);
    const cookie = await world.browserOf(await world.user('root', 'tenant-admin'));
    expect((await asked(cookie)).slice(0, 2)).toEqual([401, 'unauthenticated']); // no session asks
  });

  test('is heard by HTTP Basic here alone', async () => {
    const headers = basic('x', alice.token.reveal());
    for (const path of ['/api/v1/whoami', '/metrics', '/auth/forward-auth'])
      expect((await world.send({ method: 'GET', path, headers })).status).toBe(401);
  });

  test('is charged for what nobody has issued, and not whoever presented it', async () => {
    const answers: number[] = [];
    for (let at = 0; at < 201; at += 1) answers.push((await introspect(never())).status);
    expect([answers.slice(0, 200).every((status) => status === 200), answers[200]]).toEqual([true, 429]);
    expect((await introspect(asker.token.reveal())).status).toBe(429); // was not looked at before
    expect(await statusOf(world, alice.token.reveal())).toBe(429); // one address, like any other
    world.clock.advance(10_000);
    expect((await introspect(alice.token.reveal())).body.active).toBe(true);
  });
});

describe('what is asked', () => {
  const asked = async (body: string | Buffer, headers: Readonly<Record<string, string>> = formOf({}).headers) => {
    const { status, body: said } = saidIn(
      await world.send({ method: 'POST', path: INTROSPECT, token: asker.token, headers, body }),
    );
    return [status, said.code ?? said.active, said.message];
  };

  test.each<[string, string, unknown[]]>([
    ['nothing', '', [400, 'invalid_request', 'token is missing; give a string.']],
    ['an empty token', 'token=', [400, 'invalid_request', 'token must be at least 1.']],
    ['a token twice', 'token=a&token=b', [400, 'invalid_request', 'A parameter is given twice. Give each once.']],
    [
      'something else twice',
      'token=a&x=1&x=1',
      [400, 'invalid_request', 'A parameter is given twice. Give each once.'],
    ],
    ['a broken escape', 'token=%zz', [400, 'invalid_request', 'The form is not validly encoded: see its % escapes.']],
    ['a token that is too long', `token=${'x'.repeat(4_097)}`, [400, 'invalid_request', 'token must be at most 4096.']],
    ['too much', `token=${'x'.repeat(17_000)}`, [413, 'too_large', 'The body is too large.']],
    ['a name of every object’s mould', '__proto__=x&constructor=y&token=z', [200, false, undefined]],
    ['what nobody knows', 'token=z&client_id=x&client_secret=y&token_type_hint=refresh_token', [200, false, undefined]],
  ])('%s', async (_, body, expected) => {
    expect(await asked(body)).toEqual(expected);
  });

  test('in anything but a form is refused, as is a form anywhere else', async () => {
    const message = 'Send the body as application/x-www-form-urlencoded.';
    for (const type of ['application/json', 'text/plain', 'multipart/form-data'])
      expect(await asked('{"token":"x"}', { 'content-type': type })).toEqual([415, 'unsupported_media_type', message]);
    expect(await asked('token=x', {})).toEqual([415, 'unsupported_media_type', message]);
    const elsewhere = { method: 'POST', path: '/api/v1/tokens', token: alice.token, ...formOf({ name: 'x' }) };
    expect((await world.send(elsewhere)).status).toBe(415);
    expect((await world.send({ ...elsewhere, headers: JSON_TYPE, body: '{"name":"by-json"}' })).status).toBe(200);
  });

  test('is not answered to who was shut out while their form arrived', async () => {
    const head = `POST ${INTROSPECT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 8\r\n`;
    const headers = `authorization: Bearer ${asker.token.reveal()}\r\ncontent-type: ${formOf({}).headers['content-type']}\r\n`;
    for (const [waits, status] of [
      [0, 200],
      [1_000, 401],
    ] as const) {
      const socket = await rawSocket(world.origin);
      const [begun, said] = [once(world.server.server, 'request'), saidOn(socket)];
      socket.write(`${head}${headers}\r\ntok`);
      await begun;
      world.clock.advance(waits);
      if (waits > 0)
        await asking(world, asker.token).remove((await rowNamed(asking(world, asker.token).list, 'first')).id);
      socket.write('en=ab');
      expect(answerIn(await said).status).toBe(status);
    }
  });

  test('in a URL is not taken, where logs would keep it', async () => {
    const path = `${INTROSPECT}?token=${alice.token.reveal()}`;
    const answer = await world.send({ method: 'POST', path, token: asker.token, ...formOf({}) });
    expect(saidIn(answer)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect((await world.send({ method: 'GET', path, token: asker.token })).status).toBe(405);
  });
});

test('an outage is 503 and no inactive token (I8)', async () => {
  await introspect(asker.token.reveal());
  await world.deps.store.close();
  expect((await introspect(alice.token.reveal())).status).toBe(503);
  expect((await gateway(world, new Sensitive(never())).introspect('x')).status).toBe(503);
});
