import { request } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Site } from '#api/handler.ts';
import { newSession } from '#app/session/issue.ts';
import type { Caller } from '#domain/caller.ts';
import type { BuiltInRoleId } from '#domain/role.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { SESSION_COOKIE } from '#http/cookie.ts';
import type { Terms } from '#http/server.ts';
import { openHttp } from '#main/open.ts';
import { readPages } from '#main/pages.ts';
import { VERSION } from '#main/version.ts';
import { openCore } from './core.ts';

export type Sent = {
  readonly method: string;
  /** As it goes over the wire: nothing is escaped here. */
  readonly path: string;
  readonly token?: Sensitive | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
};
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
};

export const JSON_TYPE = { 'content-type': 'application/json' } as const;

/** The core of `openCore` behind the real server, on a port of its own. */
export async function openWorld(terms: Terms = {}, around: Parameters<typeof openCore>[0] = {}) {
  const core = await openCore(around);
  const reported: unknown[] = [];
  let origin = '';
  const site: Site = { tenant: core.tenant, version: VERSION, origin: () => origin };
  const server = openHttp(core.deps, { site, pages: readPages(), report: (error) => reported.push(error), terms });
  origin = await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  const send = (sent: Sent) => sendTo(origin, sent);
  return { ...core, origin, server, reported, send, ...people(core) };
}
export type World = Awaited<ReturnType<typeof openWorld>>;

function people({ deps, user, pat, tenant }: Awaited<ReturnType<typeof openCore>>) {
  /** A new user of this role with a token of theirs, `first`. */
  async function person(
    name: string,
    role: BuiltInRoleId,
  ): Promise<{ readonly caller: Caller; readonly token: Sensitive }> {
    const caller = await user(name, role);
    return { caller, token: await pat(caller, 'first') };
  }
  /** What the browser of somebody who is signed in sends from one of our pages. */
  async function browserOf({ principal }: Caller): Promise<Readonly<Record<string, string>>> {
    const { cookie, session, digest } = newSession(deps, principal.id);
    await deps.store.transact((tx) => tx.sessions.insert(tenant.id, session, digest));
    return { cookie: `${SESSION_COOKIE}=${cookie.reveal()}`, 'sec-fetch-site': 'same-origin' };
  }
  return { person, browserOf };
}

/** One request over a connection of its own, byte for byte as given; any method may have a body. */
export function sendTo(origin: string, { method, path, token, headers = {}, body }: Sent): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` };
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const options = {
      hostname,
      port,
      method,
      path,
      headers: { ...authorization, ...length, ...headers },
      agent: false,
    };
    const asked = request(options, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
