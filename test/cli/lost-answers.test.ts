import { existsSync, readFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { type Instance, instance, memberOf, newToken } from '../clients/instance.ts';
import { countersign, pipeline } from './program.ts';
import { html, stranger } from './stranger.ts';

const server = await instance();

type Loses = (asked: IncomingMessage, answered: ServerResponse) => void;

/** What may come instead of an answer, from whatever stands between. */
const LOSES: Readonly<Record<string, Loses>> = {
  'a gateway’s 502': html(502),
  'a gateway’s 504': html(504),
  'a page that says 200': html(200),
  'no HTTP': (asked) => void asked.socket.end('220 mail ready\r\n'),
  'a reset': (asked) => void asked.socket.resetAndDestroy(),
};

/** Stands before the server, passes everything on, and loses the first answers once the server has given them. */
async function losing(to: Instance, loses: Loses, times: number, whenAsked = () => {}) {
  let lost = 0;
  const proxy = await stranger((asked, answered) => {
    whenAsked();
    const { method, headers } = asked;
    const passed = request(to.origin + asked.url, { method, headers, agent: false }, (answer) => {
      const changes = method !== 'GET';
      if (changes) lost += 1;
      if (!changes || lost > times) answer.pipe(answered.writeHead(answer.statusCode ?? 0, answer.headers));
      else answer.resume().on('end', () => loses(asked, answered));
    });
    asked.pipe(passed);
  });
  const changes = () => proxy.asked.filter(({ method }) => method !== 'GET');
  return { env: pipeline({ origin: proxy.origin, token: to.token }), changes };
}

const PERHAPS = 'It may have been done or not: look before you ask again.';
const namesOf = async (to: Instance): Promise<readonly string[]> => {
  const { out } = await countersign(['tokens', 'list', '--json'], { env: pipeline(to) });
  return JSON.parse(out).map(({ name }: { name: string }) => name);
};

describe.each(Object.entries(LOSES))('where %s comes instead of what the server answered', (_, loses) => {
  test('a create is asked again under one key: it happens once, and its value is not lost', async () => {
    const to = await memberOf(server);
    const file = join(temporaryFolder(), 'value');
    const there: boolean[] = [];
    const { env, changes } = await losing(to, loses, 2, () => void there.push(existsSync(file)));
    const { code, err } = await countersign(['tokens', 'create', 'one', '--out', file], { env });
    expect({ code, err, there }).toEqual({ code: 0, err: '', there: [true, true, true] });
    expect(new Set(changes().map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(await namesOf(to)).toEqual(['one', 'first']);
    const by = { TFY_HOST: to.origin, TFY_API_KEY: readFileSync(file, 'utf8').trim() };
    expect((await countersign(['whoami'], { env: by })).out).toContain('Token:    one');
  });

  test('a create that never has its answer says that it may have been done, and how to see', async () => {
    const to = await memberOf(server);
    const file = join(temporaryFolder(), 'value');
    const { env, changes } = await losing(to, loses, Number.POSITIVE_INFINITY);
    const { code, out, err } = await countersign(['tokens', 'create', 'one', '--out', file], { env });
    expect([code, out, changes().length]).toEqual([3, '', 3]);
    expect(err).toContain(`${PERHAPS} If countersign tokens list shows one, its value is lost: revoke it`);
    expect([existsSync(file), await namesOf(to)]).toEqual([false, ['one', 'first']]);
  });

  test('a rename and a revoke are not asked again, and say that they may have been done', async () => {
    const to = await memberOf(server);
    await newToken(to, 'one');
    for (const words of [
      ['rename', 'one', 'uno'],
      ['revoke', 'uno', '--yes'],
    ]) {
      const { env, changes } = await losing(to, loses, Number.POSITIVE_INFINITY);
      const { code, out, err } = await countersign(['tokens', ...words], { env });
      expect([code, out, err, changes().length]).toEqual([3, '', expect.stringContaining(PERHAPS), 1]);
    }
    expect(await namesOf(to)).toEqual(['first']);
  });
});
