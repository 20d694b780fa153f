import type { Served } from '#support/process.ts';

export const PATS = '/api/svc/v1/personal-access-tokens';
export const WHOAMI = '/api/v1/whoami';

/** Why there was no answer: the process is gone. Anything else than an answer or this is a test's failure. */
export class Gone extends Error {}

export type Issued = { readonly id: string; readonly value: string };

/** The public API over connections that are kept, so that a load is the server's and not the handshakes'. */
export function clientOf({ origin }: Pick<Served, 'origin'>, token: string) {
  const ask = (method: string, path: string, body?: object) => asked(origin, { method, path, token, body });
  return {
    create: async (name: string): Promise<string> => textIn(await ask('POST', PATS, { name }), 'token'),
    getOrCreate: async (name: string): Promise<Issued> => {
      const { data, token: value } = (await ask('GET', `${PATS}/${name}`)) as {
        data: { id: string };
        token: string;
      };
      return { id: data.id, value };
    },
    revoke: (id: string): Promise<object> => ask('DELETE', `${PATS}/${id}`),
  };
}
export type Client = ReturnType<typeof clientOf>;

/** What the server says to whoever presents this value: 200 or 401. */
export async function standingOf({ origin }: Pick<Served, 'origin'>, value: string): Promise<number> {
  const answer = await fetch(`${origin}${WHOAMI}`, { headers: { authorization: `Bearer ${value}` } });
  await answer.arrayBuffer();
  return answer.status;
}

type Asked = {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body: object | undefined;
};

async function asked(origin: string, { method, path, token, body }: Asked): Promise<object> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const { status, text } = await fetch(`${origin}${path}`, {
    method,
    headers,
    body: body ? JSON.stringify(body) : null,
  })
    .then(async (answer) => ({ status: answer.status, text: await answer.text() }))
    .catch((cause) => {
      throw new Gone('no answer', { cause });
    });
  if (status !== 200) throw new Error(`${method} ${path} was answered with ${status} ${text}`);
  return JSON.parse(text);
}

const textIn = (answer: object, field: string): string => String((answer as Record<string, unknown>)[field]);
