import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Served, spawned } from '#support/process.ts';

export const PATS = '/api/svc/v1/personal-access-tokens';
export const TOKENS = '/api/v1/tokens';
export const WHOAMI = '/api/v1/whoami';

/** Why there was no answer: the process is gone. Anything else than an answer or this is a test's failure. */
export class Gone extends Error {}

const NO_LIMITS = {
  ...{ ageDaysMax: null, countMax: null, lifeDaysDefault: null, idleDaysMax: null },
  ...{ formatDefault: 'opaque', sessionOnly: false },
};

export type Issued = { readonly id: string; readonly value: string };

/** The public API over connections that are kept, so that a load is the server's and not the handshakes'. */
export function clientOf({ origin }: Pick<Served, 'origin'>, token: string) {
  const ask = (method: string, path: string, body?: object, key?: string) =>
    asked(origin, { method, path, token, body, key });
  return {
    create: async (name: string): Promise<string> => textIn(await ask('POST', PATS, { name }), 'token'),
    /** The same, once for this key. */
    createOnce: async (name: string, key: string): Promise<string> =>
      textIn(await ask('POST', TOKENS, { name }, key), 'value'),
    getOrCreate: async (name: string): Promise<Issued> => {
      const { data, token: value } = (await ask('GET', `${PATS}/${name}`)) as {
        data: { id: string };
        token: string;
      };
      return { id: data.id, value };
    },
    createFor: async (userEmail: string, name: string): Promise<string> =>
      textIn(await ask('POST', `${PATS}/for-user`, { name, userEmail }), 'token'),
    createJwt: async (name: string): Promise<string> =>
      textIn(await ask('POST', TOKENS, { name, format: 'jwt' }), 'value'),
    rename: (id: string, name: string): Promise<object> => ask('PATCH', `${TOKENS}/${id}`, { name }),
    /** How many tokens one user may hold; of all else no limit. */
    limit: (countMax: number): Promise<object> => ask('PUT', '/api/v1/settings/tokens', { ...NO_LIMITS, countMax }),
    revoke: (id: string): Promise<object> => ask('DELETE', `${PATS}/${id}`),
  };
}
export type Client = ReturnType<typeof clientOf>;

/** A new signing key, as the operator asks for one. */
export const rotate = (data: string) => spawned(['rotate-signing-key', '--data', data]).ended;

/** The same for keys that leaked: whatever they signed has ended. */
export const withdraw = (data: string) => spawned(['withdraw-signing-keys', '--data', data]).ended;

/** What the server says to whoever presents this value: 200 or 401. */
export const standingOf = async ({ origin }: Pick<Served, 'origin'>, value: string): Promise<number> =>
  (await answerTo(origin, { method: 'GET', path: WHOAMI, token: value })).status;

type Asked = {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body?: object | undefined;
  readonly key?: string | undefined;
};

async function asked(origin: string, what: Asked): Promise<object> {
  const { status, words } = await answerTo(origin, what);
  if (status !== 200) throw new Error(`${what.method} ${what.path} was answered with ${status} ${words}`);
  return JSON.parse(words);
}

const agent = new Agent({ keepAlive: true });

/** Whole, or `Gone`. Not by `fetch`, which takes as long as the server does. */
function answerTo(origin: string, { method, path, token, body, key }: Asked) {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const length = sent === undefined ? {} : { 'content-length': String(Buffer.byteLength(sent)) };
  const once = key === undefined ? {} : { 'idempotency-key': key };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...length, ...once };
  return new Promise<{ readonly status: number; readonly words: string }>((resolve, reject) => {
    const gone = (cause: unknown) => reject(new Gone('no answer', { cause }));
    const asked = request(`${origin}${path}`, { method, headers, agent }, (answer) => {
      text(answer).then((words) => resolve({ status: answer.statusCode ?? 0, words }), gone);
    });
    asked.on('error', gone).end(sent);
  });
}

const textIn = (answer: object, field: string): string => String((answer as Record<string, unknown>)[field]);
