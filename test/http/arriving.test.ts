import { once } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Sensitive } from '#domain/sensitive.ts';
import { type Answer, openWorld, type Sent, type World } from '#support/world.ts';
import { outcomeOf, remembered } from './outcome.ts';
import { PATS, post } from './provoked.ts';
import { answerIn, exchanged, rawSocket, saidOn } from './raw-socket.ts';

let world: World;
let token: Sensitive;
beforeEach(async () => {
  world = await openWorld();
  ({ token } = await world.person('admin', 'tenant-admin'));
});
const send = (sent: Sent): Promise<Answer> => world.send({ token, ...sent });

describe('a request that does not arrive as announced', () => {
  const head = (...lines: readonly string[]) =>
    [`POST ${PATS} HTTP/1.1`, 'host: x', `authorization: Bearer ${token.reveal()}`, 'content-type: application/json']
      .concat(lines)
      .join('\r\n')
      .concat('\r\n\r\n');
  const entries = () => world.rows('select count(*) as entries from audit_entry');

  async function slowWorld(): Promise<void> {
    world = await openWorld({ requestMsMax: 300 });
    ({ token } = await world.person('admin', 'tenant-admin'));
  }

  test.each([
    { what: 'headers that never end', bytes: () => 'GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ' },
    { what: 'a body that never ends', bytes: () => `${head('content-length: 40')}{"name":"dep` },
    { what: 'a chunk that never ends', bytes: () => `${head('transfer-encoding: chunked')}28\r\n{"name":"dep` },
  ])('$what is given up, in the one shape', async ({ bytes }) => {
    await slowWorld();
    const before = [await remembered(world), await entries()];
    const answer = await exchanged(world.origin, bytes());
    expect({ status: answer.status, ...JSON.parse(answer.text) }).toEqual({
      ...{ status: 408, statusCode: 408, code: 'request_timeout' },
      message: 'The request did not arrive in time. Send it again.',
    });
    expect([await remembered(world), await entries()]).toEqual(before);
    expect(world.reported).toEqual([]);
  });

  test('a body that is cut in the middle writes nothing, and is nobody’s fault here', async () => {
    const before = [await remembered(world), await entries()];
    const socket = await rawSocket(world.origin);
    const begun = once(world.server.server, 'request');
    socket.write(`${head('content-length: 40')}{"name":"deploy`);
    const [, response] = await begun;
    socket.destroy();
    if (!response.closed) await once(response, 'close');
    expect((await send({ method: 'GET', path: '/api/v1/whoami' })).status).toBe(200);
    expect([await remembered(world), await entries()]).toEqual(before);
    expect(world.reported).toEqual([]);
  });

  test('a body longer than announced is no second request that anybody answers as the first', async () => {
    const bytes = `${head('content-length: 2', 'connection: close')}{}{"name":"deploy"}`;
    expect((await exchanged(world.origin, bytes)).status).toBe(400); // `{}`: the name is missing
    expect(await world.rows(`select name from personal_access_token where name = 'deploy'`)).toEqual([]);
  });

  test('a body announced as larger than any is refused before it is sent', async () => {
    const socket = await rawSocket(world.origin);
    const first = once(socket, 'data');
    socket.write(head('content-length: 1000000000'));
    expect(answerIn(String((await first)[0])).status).toBe(413);
  });

  test.each([
    { what: 'a length and an encoding', lines: ['content-length: 5', 'transfer-encoding: chunked'] },
    { what: 'an encoding twice', lines: ['transfer-encoding: chunked', 'transfer-encoding: chunked'] },
    { what: 'an encoding that is unknown', lines: ['transfer-encoding: xchunked'] },
    { what: 'an encoding after another', lines: ['transfer-encoding: chunked, identity'] },
    { what: 'a length with a sign', lines: ['content-length: +5'] },
    { what: 'a length that is no number', lines: ['content-length: 5, 5'] },
    { what: 'a space before the colon', lines: ['transfer-encoding : chunked'] },
    { what: 'a folded header', lines: ['transfer-encoding:', ' chunked'] },
  ])('$what could hide a second request: the connection ends, and nothing in it is done', async ({ lines }) => {
    const hidden = `DELETE ${PATS}/revoke/all HTTP/1.1\r\nhost: x\r\n\r\n`;
    const socket = await rawSocket(world.origin);
    const said = saidOn(socket);
    socket.write(`${head(...lines)}0\r\n\r\n${hidden}`);
    const text = await said;
    expect(answerIn(text)).toMatchObject({ status: 400, headers: { connection: 'close' } });
    expect(text.match(/^HTTP\/1\.1/gm)).toHaveLength(1);
  });

  test('connections that are opened and left keep nobody else waiting', async () => {
    const idle = await Promise.all(Array.from({ length: 200 }, () => rawSocket(world.origin)));
    expect(await outcomeOf(world, token, post(PATS, { name: 'deploy' }))).toBe(200);
    expect(idle.filter((socket) => socket.destroyed)).toEqual([]);
  });
});
