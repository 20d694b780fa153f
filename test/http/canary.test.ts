import { inspect } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Site } from '#api/handler.ts';
import { verifySession } from '#app/token/verify.ts';
import { OPERATION_IDS, OPERATIONS } from '#contract/operations.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { openHttp } from '#main/open.ts';
import { readPages } from '#main/pages.ts';
import { VERSION } from '#main/version.ts';
import { type Core, ORIGIN, openCore } from '#support/core.ts';
import { flushed } from '#support/flushed.ts';
import { type Answer, JSON_TYPE, type Sent, sendTo } from '#support/world.ts';
import { openLog } from '#telemetry/log.ts';
import { ENTRANCE_IDS, entryFor, formOf, MATRIX, requestFor } from '../authz/matrix.ts';
import { asking, cookieIn, form } from './asked.ts';
import { OWN_TOKENS, PATS, post } from './provoked.ts';
import { OWN_ACCOUNTS } from './virtual-account/accounts.ts';

/*
 * Values that must not get out (I1): planted, used for everything that there is, well and badly, while all is well and
 * while the store is broken or gone; then looked for wherever anything could have been left.
 */

const PASSWORD = 'canary-password-7f3a91';
const WRONG_PASSWORD = 'canary-guess-d2c4e8';
/** With the credential that sent it, it gives a value again. */
const KEY = { 'idempotency-key': 'canary-key-5b0e77c1' } as const;
/** As `openCore` has it. */
const ROOT_KEY = Buffer.alloc(32, 1);

/** What was said, and whether it is where a value may be. */
type Heard = { readonly answer: Answer; readonly mayHold: boolean };

let core: Core;
let logged: string[];
let thrown: unknown[];
let heard: Heard[];
let origin: string;
let canaries: Record<string, string>;

beforeEach(async () => {
  core = await openCore();
  [logged, thrown, heard, canaries] = [[], [], [], {}];
  const log = openLog('trace', (line) => logged.push(line));
  const site: Site = { tenant: core.tenant, version: VERSION, origin: () => origin };
  const report = (error: unknown, requestId: string) => {
    thrown.push(error);
    log.failed(error, { requestId });
  };
  const server = openHttp(core.deps, { site, pages: readPages(), report });
  origin = await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
});

/** Where an operation reveals, its answer may hold a value; where a session begins, its cookie may. */
async function send(sent: Sent, mayHold = false): Promise<Answer> {
  const answer = await sendTo(origin, sent);
  heard.push({ answer, mayHold: mayHold && answer.status === 200 });
  return answer;
}

/** A value in every form in which something could have written it. */
function formsOf(value: string | Buffer): readonly Buffer[] {
  const bytes = Buffer.from(value);
  const texts = [bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
  return [bytes, ...texts.map((text) => Buffer.from(text)), Buffer.from(bytes.toString(), 'utf16le')];
}

const found = (sink: string | Buffer): readonly string[] =>
  Object.entries({ ...canaries, 'root key': ROOT_KEY })
    .filter(([, value]) => formsOf(value).some((form) => Buffer.from(sink).includes(form)))
    .map(([name]) => name);

/** Plants every kind of value in the ways in which it comes to be. */
async function planted(): Promise<Sensitive> {
  const admin = await core.user('admin', 'tenant-admin');
  const token = await core.pat(admin, 'first');
  const ask = asking({ send: (sent) => send(sent, true) }, token);
  await ask.register({ email: 'bob@example.com' });
  const code = new URL((await ask.invite('bob@example.com')).body.link).hash.slice(1);
  const accepted = await send(form('/auth/accept-invitation', { code, password: PASSWORD }), true);
  const signedIn = await send(form('/auth/sign-in', { email: 'bob@example.com', password: PASSWORD }), true);
  const cookieOf = (answer: Answer) => cookieIn(answer).split('=')[1] ?? '';
  Object.assign(canaries, {
    ...{ password: PASSWORD, 'wrong password': WRONG_PASSWORD, 'first token': token.reveal(), invitation: code },
    ...{ 'cookie of an acceptance': cookieOf(accepted), 'cookie of a sign-in': cookieOf(signedIn) },
    'created token': (await ask.create({ name: 'created' })).body.token,
    'fetched token': (await ask.getOrCreate('created')).body.token,
    'token as JWT': (await ask.create({ name: 'signed', tokenType: 'jwt' })).body.token,
    'token of another': (await ask.createFor({ name: 'for-bob', userEmail: 'bob@example.com' })).body.token,
    'replayable token': (await ask.ownCreate({ name: 'again', format: 'jwt' }, KEY)).body.value,
    'idempotency key': KEY['idempotency-key'],
  });
  Object.assign(canaries, await plantedOfAccount(token));
  const signature = canaries['token as JWT']?.split('.')[2] ?? '';
  Object.assign(canaries, { 'signature of a JWT': signature });
  return token;
}

/** Both values of an account’s token, of which the second is read again. */
async function plantedOfAccount(token: Sensitive): Promise<Record<string, string>> {
  const made = await send({ ...post(OWN_ACCOUNTS, { name: 'canary-account' }), token }, true);
  const { account, value } = JSON.parse(made.text);
  const { id } = account;
  const next = await send({ ...requestFor('ownRegenerateAccountToken', id), token }, true);
  for (const operation of ['wireGetAccountToken', 'ownGetAccountToken'] as const) {
    await send({ ...requestFor(operation, id), token }, true);
  }
  for (const operation of ['wireGetAccount', 'ownGetAccount', 'wireListAccounts', 'ownListAccounts'] as const) {
    await send({ ...requestFor(operation, id), token });
  }
  return { 'token of an account': value, 'its next token': JSON.parse(next.text).value };
}

/** Every operation and entrance, well asked, badly asked, and asked with values where none belong. */
async function driveAll(token: Sensitive): Promise<void> {
  const stray = canaries['created token'] ?? '';
  const cookie = `__Host-countersign-session=${canaries['cookie of a sign-in']}`;
  const browser = { cookie, 'sec-fetch-site': 'same-origin' };
  for (const id of OPERATION_IDS) {
    const { reveals } = OPERATIONS[id];
    await send({ ...requestFor(id), token }, reveals);
    await send({ ...requestFor(id), headers: { ...requestFor(id).headers, ...browser } }, reveals);
    await send({ ...requestFor(id), token: new Sensitive(`${stray}x`) });
    await send({ ...requestFor(id), token: new Sensitive(`${canaries['token as JWT']}x`) });
    await send({ ...requestFor(id), headers: { ...requestFor(id).headers, ...KEY }, token }, reveals);
    await send({ ...requestFor(id), headers: { ...requestFor(id).headers, cookie } });
    await send(
      { ...requestFor(id), path: `${requestFor(id).path}?nameSearchQuery=${stray}&limit=${stray}`, token },
      reveals,
    );
    if (MATRIX[id].of !== 'none') await send({ ...requestFor(id, stray), token });
    await send({ ...requestFor(id), token, body: `{"name":"${stray}", "email": ${PASSWORD}` });
  }
  const keys = { email: 'bob@example.com', password: WRONG_PASSWORD, code: canaries.invitation ?? '' };
  for (const id of ENTRANCE_IDS.filter((one) => one !== 'signOut')) {
    const { headers, ...entry } = entryFor(id, keys);
    await send({ ...entry, headers });
    await send({ ...entry, headers: { ...headers, ...browser } });
    await send({ ...entry, headers: { ...headers, 'sec-fetch-site': 'cross-site' } });
    await send({ ...entry, headers, body: `{"email":"${stray}","password":"${PASSWORD}","code":"${stray}"}` });
    await send({ ...entry, headers, body: `{"password":${PASSWORD}` });
  }
  await send({ ...entryFor('metrics', keys), token });
  for (const path of ['/oauth2/introspect', '/oauth2/revoke']) await presentAll(path, token, stray);
  const again = post(OWN_TOKENS, { name: 'again', format: 'jwt' });
  await send({ ...again, headers: { ...again.headers, ...KEY }, token }, true);
  await send({ ...post(PATS, { name: 'second', teamName: stray, expirationDate: stray, tokenType: stray }), token });
  await send({ method: 'GET', path: `/${stray}?password=${PASSWORD}`, token });
  await send({ method: 'GET', path: `${PATS}/%ff${stray}`, token });
}

/** Values as they are presented by somebody else: where they belong, where they do not, and twice; before the last ends one. */
async function presentAll(path: string, token: Sensitive, stray: string): Promise<void> {
  const sent = { method: 'POST', path, token };
  const basic = (secret: string) => `Basic ${Buffer.from(`gateway:${secret}`).toString('base64')}`;
  for (const value of [`${stray}x`, `${canaries['token as JWT']}x`, stray, canaries['token as JWT'] ?? '', PASSWORD]) {
    await send({ ...sent, ...formOf({ token: value, token_type_hint: value, client_secret: value }) });
    await send({ ...sent, ...formOf({ token: value }), path: `${path}?token=${value}` });
    await send({ ...sent, ...formOf({ token: value }), body: `token=${value}&token=${value}&${value}=%zz` });
    await send({ ...sent, body: JSON.stringify({ token: value }), headers: JSON_TYPE });
    const headers = { ...formOf({}).headers, authorization: basic(value) };
    await send({ method: 'POST', path, ...formOf({ token: PASSWORD }), headers });
    const forwarded = { authorization: `Bearer ${value}`, 'x-auth-require': value, 'x-forwarded-user': value };
    await send({ method: 'GET', path: `/auth/forward-auth?require=${value}`, headers: forwarded });
  }
}

/** What is true of every place; each must have been written to, or the search is of nothing. */
async function expectNothingLeft(database: string | Buffer): Promise<void> {
  const mute = heard.filter(({ mayHold }) => !mayHold).map(({ answer }) => JSON.stringify(answer));
  const errors = thrown.map((error) => inspect(error, { depth: null }) + JSON.stringify(error));
  const metrics = mute.filter((answer) => answer.includes('countersign_verifications_total')).join('\n');
  const sinks = { answers: mute.join('\n'), metrics, log: logged.join(''), errors: errors.join('\n'), database };
  for (const [sink, content] of Object.entries(sinks)) {
    expect(content.length, sink).toBeGreaterThan(500);
    expect({ sink, holds: found(content) }).toEqual({ sink, holds: [] });
  }
}

test('no value is anywhere but where it was asked for, whatever is done and whatever breaks', async () => {
  const token = await planted();
  expect(found(heard.map(({ answer }) => JSON.stringify(answer)).join()).toSorted()).toEqual(
    [
      ...['invitation', 'created token', 'fetched token', 'cookie of an acceptance', 'cookie of a sign-in'],
      ...['token as JWT', 'signature of a JWT', 'token of another', 'replayable token'],
      ...['token of an account', 'its next token'],
    ].sort(), // the search finds
  );
  await driveAll(token);
  await flushed(core.deps, true);
  expect(found(JSON.stringify(await core.rows('select entry, address, user_agent from audit_entry')))).toEqual([]);
  expect(logged).toEqual([]); // whatever a caller does is not our fault

  const { mended } = await core.breakAudit();
  await driveAll(token);
  await mended();
  await core.tamper(`update token set created_at = created_at + 1`);
  core.deps.verified.forgetAll();
  await driveAll(token);
  const database = await core.onDisk();
  expect(heard.some(({ answer }) => answer.status === 500)).toBe(true);

  await core.deps.store.close();
  core.deps.verified.forgetAll();
  await driveAll(token);
  expect(heard.some(({ answer }) => answer.status === 503)).toBe(true);
  await expectNothingLeft(Buffer.concat([database, await core.onDisk()]));
}, 180_000);

test('whoever prints a caller, or all that the core holds, prints no value', async () => {
  const token = await planted();
  await driveAll(token);
  const session = await verifySession(core.deps, new Sensitive(canaries['cookie of a sign-in'] ?? ''), ORIGIN);
  const printed = [await core.callerBy(token), session, core.deps, new Sensitive(PASSWORD)];
  for (const one of printed) {
    const texts = [
      inspect(one, { depth: null, showHidden: true, maxArrayLength: null, maxStringLength: null }),
      String(one),
    ];
    expect(found(texts.join('\n'))).toEqual([]);
  }
  expect(found(JSON.stringify([printed[0], printed[1], printed[3]]))).toEqual([]);
});

test('what is searched for is found, in whatever form it was written', () => {
  canaries = { password: PASSWORD };
  for (const form of formsOf(PASSWORD)) expect(found(Buffer.concat([Buffer.from('a'), form]))).toEqual(['password']);
  expect(found(`key: ${ROOT_KEY.toString('hex')}`)).toEqual(['root key']);
});
