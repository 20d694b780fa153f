import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { temporaryFolder } from '#support/folder.ts';
import { has, needing } from '#support/parts.ts';
import type { Cluster } from '#support/postgres-cluster.ts';
import { bootstrapToken, type Ended, type Served, serve, unattended } from '#support/process.ts';

type Env = Readonly<Record<string, string>>;

/** What is heavier than `npm test` may be. */
export const IS_FULL = process.env.COUNTERSIGN_TEST_FULL === '1';

export const isPostgresHere = has('postgresql');
export const needingPostgres = (title: string): string => needing('postgresql', title);

/** What nodes have in common: a database with nobody on it, and the file of its root key. Their folders are their own. */
export type Place = { readonly url: string; readonly rootKeyFile: string };

const ROOT_KEY_BYTES = 32;

export async function placeOn(cluster: Cluster): Promise<Place> {
  const name = `nodes_${randomBytes(6).toString('hex')}`;
  await told(cluster.url('postgres'), `create database ${name}`);
  return { url: cluster.url(name), rootKeyFile: newRootKey() };
}

export function newRootKey(): string {
  const file = join(temporaryFolder(), 'root.key');
  writeFileSync(file, randomBytes(ROOT_KEY_BYTES), { mode: 0o600 });
  return file;
}

/** As an administrator of the database tells it. */
export async function told(url: string, sql: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}
export type Row = Readonly<Record<string, unknown>>;

/** A test asks more of one token, from one address, than anybody may. */
const WITHOUT_LIMITS = {
  COUNTERSIGN_REQUESTS_PER_ADDRESS: '1000000',
  COUNTERSIGN_REQUESTS_PER_TOKEN: '1000000',
  COUNTERSIGN_REQUESTS_PER_PRINCIPAL: '1000000',
  COUNTERSIGN_REQUESTS_PER_TENANT: '1000000',
};

/** A process there, once it listens or has ended; in a folder of its own. */
export function startOn({ url, rootKeyFile }: Place, env: Env = {}, args: readonly string[] = []) {
  const data = join(temporaryFolder(), 'data');
  const shared = { COUNTERSIGN_DATABASE_URL: url, COUNTERSIGN_ROOT_KEY_FILE: rootKeyFile };
  const started = serve(data, { env: { ...shared, ...WITHOUT_LIMITS, ...env }, args });
  return { data, started };
}

export type Node = Served & { readonly data: string };

export async function nodeOn(place: Place, env: Env = {}, args: readonly string[] = []): Promise<Node> {
  const { data, started } = startOn(place, env, args);
  return { ...listening(await started), data };
}

export function listening(served: Served | Ended): Served {
  if ('code' in served) throw new Error(served.said);
  return served;
}

/** Set up without a person by the first of them; `token` is its administrator's. */
export async function nodesOn(place: Place, count: number, env: Env = {}) {
  const unattendedIn = temporaryFolder();
  const given = unattended(unattendedIn);
  const first = await nodeOn(place, { ...given.env, ...env }, given.args);
  const others = await Promise.all(Array.from({ length: count - 1 }, () => nodeOn(place, env)));
  return { nodes: [first, ...others], token: bootstrapToken(unattendedIn).reveal() };
}

/** The same connections again and again, so that a load is the servers' and not the handshakes'. */
const agent = new Agent({ keepAlive: true });

export type Asked = {
  readonly token: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: object;
  readonly headers?: Env;
};
export type Told = { readonly status: number; readonly words: string };

/** Whole; nothing is thrown but where there is no answer. */
export function ask({ origin }: Pick<Served, 'origin'>, { token, method = 'GET', path, body, headers = {} }: Asked) {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const type =
    sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) };
  const options = { method, agent, headers: { authorization: `Bearer ${token}`, ...type, ...headers } };
  return new Promise<Told>((resolve, reject) => {
    const asked = request(`${origin}${path}`, options, (answer) => {
      text(answer).then((words) => resolve({ status: answer.statusCode ?? 0, words }), reject);
    });
    asked.on('error', reject).end(sent);
  });
}

export const WHOAMI = '/api/v1/whoami';
export const TOKENS = '/api/v1/tokens';

/** What a node says of it. */
export const standingAt = async (node: Pick<Served, 'origin'>, token: string): Promise<number> =>
  (await ask(node, { token, path: WHOAMI })).status;

/** Of an answer that has to be there. */
export async function done<Answer>(node: Pick<Served, 'origin'>, asked: Asked): Promise<Answer> {
  const { status, words } = await ask(node, asked);
  if (status !== 200 && status !== 201) throw new Error(`${asked.path} was answered with ${status} ${words}`);
  return JSON.parse(words) as Answer;
}

export type Created = { readonly id: string; readonly value: string };

export async function createAt(
  node: Pick<Served, 'origin'>,
  token: string,
  name: string,
  format: 'opaque' | 'jwt' = 'opaque',
): Promise<Created> {
  type Answer = { readonly token: { readonly id: string }; readonly value: string };
  const made = await done<Answer>(node, { token, method: 'POST', path: TOKENS, body: { name, format } });
  return { id: made.token.id, value: made.value };
}

export type Revocation = {
  readonly boundMs: number;
  readonly staleMsMax: number;
  readonly nodes?: Readonly<Record<'acknowledged' | 'silent' | 'late', readonly string[]>>;
};

export async function revokeAt(
  node: Pick<Served, 'origin'>,
  token: string,
  id: string,
  body: object = {},
): Promise<Revocation> {
  const asked = { token, method: 'POST', path: `${TOKENS}/${id}/revoke`, body };
  return (await done<{ readonly revocation: Revocation }>(node, asked)).revocation;
}
