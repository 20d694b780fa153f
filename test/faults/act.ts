import { expect } from 'vitest';
import { SESSION_COOKIE } from '#http/cookie.ts';
import { type Served, serving } from '#support/process.ts';
import { type Answer, JSON_TYPE } from '#support/world.ts';
import { adminToken } from './base.ts';

/**
 * Something that is killed on the way. What stands before is arranged on the same server; the act is asked for and never
 * answered; afterwards all of it stands, or nothing.
 */
export type Act<Held> = {
  readonly data: () => Promise<string>;
  readonly arrange: (served: Served, data: string) => Promise<Held>;
  readonly act: (served: Served, held: Held, data: string) => Promise<unknown>;
  readonly standing: (served: Served, held: Held, data: string) => Promise<unknown>;
  readonly before: unknown;
  readonly after: unknown;
};
export const act = <Held>(row: Act<Held>): Act<unknown> => row as Act<unknown>;
export const nothing = async () => undefined;

/** What takes the same action as the act is done by a server of its own, and that one stops in order. */
export async function preparedBy(
  copy: () => Promise<string>,
  prepare: (served: Served, data: string) => Promise<unknown>,
): Promise<string> {
  const data = await copy();
  const served = await serving(data);
  await prepare(served, data);
  served.process.kill('SIGTERM');
  await served.ended;
  return data;
}

export const fromOurPages = (
  served: Served,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
) =>
  served.send({
    method: 'POST',
    path,
    body: JSON.stringify(body),
    headers: { ...JSON_TYPE, 'sec-fetch-site': 'same-origin', ...headers },
  });

export const signIn = (served: Served, email: string, password: string): Promise<Answer> =>
  fromOurPages(served, '/auth/sign-in', { email, password });

export function cookieOf({ headers }: Answer): string {
  const set = String(headers['set-cookie']);
  expect(set).toContain(SESSION_COOKIE);
  return set.split(';')[0] ?? '';
}

/** 200, or 401 where the session has ended. */
export async function standingOfSession(served: Served, cookie: string): Promise<number> {
  const headers = { cookie, 'sec-fetch-site': 'same-origin' };
  return (await served.send({ method: 'GET', path: '/api/v1/whoami', headers })).status;
}

export const byAdmin = (
  served: Served,
  data: string,
  method: string,
  path: string,
  body: object = {},
): Promise<Answer> =>
  served.send({
    method,
    path,
    body: JSON.stringify(body),
    headers: { ...JSON_TYPE, authorization: `Bearer ${adminToken(data)}` },
  });

export const register = (served: Served, data: string, email: string) =>
  byAdmin(served, data, 'POST', '/api/svc/v1/users/register', { email });
