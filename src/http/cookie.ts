import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Sensitive } from '#domain/sensitive.ts';
import type { Session } from './core.ts';

/** The prefix makes browsers insist on `Secure`, on this host alone and on the whole of it (RFC 6265bis, 4.1.3.2). */
export const SESSION_COOKIE = '__Host-countersign-session';
const ATTRIBUTES = { path: '/', secure: true, httpOnly: true, sameSite: 'strict' } as const;

export function sessionCookieOf({ headers }: FastifyRequest): Sensitive | undefined {
  const value = headers.cookie === undefined ? undefined : parseCookie(headers.cookie)[SESSION_COOKIE];
  return value === undefined ? undefined : new Sensitive(value);
}

/** Browsers set this header by themselves, and no script can (Fetch Metadata). */
export const isFromOurPages = ({ headers }: FastifyRequest): boolean => headers['sec-fetch-site'] === 'same-origin';

export function giveSession(reply: FastifyReply, { cookie, session }: Session, now: number): void {
  const maxAge = Math.max(0, Math.floor((session.expiresAt - now) / 1000));
  setCookie(reply, cookie.reveal(), maxAge);
}

export const takeSession = (reply: FastifyReply): unknown => setCookie(reply, '', 0);

const setCookie = (reply: FastifyReply, value: string, maxAge: number): unknown =>
  reply.header('set-cookie', stringifySetCookie({ name: SESSION_COOKIE, value, maxAge, ...ATTRIBUTES }));
