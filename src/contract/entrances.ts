import * as z from 'zod';
import type { Action } from '#domain/permission.ts';
import type { Effect } from './operation.ts';
import { INTROSPECTION, PRESENTED, REVOKED } from './presented.ts';

/** Everything but HEAD and OPTIONS, which are served nowhere. */
export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

/**
 * One way in that is no operation: it answers with a page, a cookie or a text, or as other people's gateways need it.
 * Whoever calls from a browser must do so from our own pages. `caller` is whoever an operation takes, by a token or by a
 * session; `token` takes no session, and `client` a token as the password of HTTP Basic too.
 */
export type Entrance = {
  readonly method: 'GET' | 'POST';
  readonly path: `/${string}`;
  readonly access: 'public' | 'session' | 'caller' | 'token' | 'client';
  readonly action: Action | 'self' | 'none';
  readonly effect: Effect;
  /** What stands in its JSON body; pages take none. Strict: nobody but our own pages calls. */
  readonly body?: z.ZodObject;
  /** Or in its form, as OAuth writes it, which ignores what it does not know; and what is answered. */
  readonly form?: z.ZodObject;
  readonly answer?: z.ZodObject;
  /** Answers any method, as what was asked of somebody else's server. Which, and what follows in the path, changes nothing. */
  readonly anyMethod?: true;
  /** Answers at every path below its own too. */
  readonly below?: true;
  readonly summary: string;
};

const FORWARD_AUTH = {
  method: 'GET',
  access: 'token',
  action: 'self',
  effect: 'reads',
  anyMethod: true,
} as const;

const page = (path: Entrance['path'], summary: string) =>
  ({ method: 'GET', path, access: 'public', action: 'none', effect: 'reads', summary }) as const;

/** The closed list of what is served beside `OPERATIONS`, under the same matrix. */
export const ENTRANCES = {
  health: page('/health', 'That the process answers, as text'),
  home: page('/', 'The page for signing in, and for a person’s own tokens'),
  setUp: page('/set-up', 'The page that the one-time link of the first administrator opens'),
  invitation: page('/invitation', 'The page that an invitation opens'),
  document: page('/api/openapi.json', 'All operations, as an OpenAPI document'),
  api: page('/api', 'The page that shows them to people'),
  apiScript: page('/assets/api.js', 'The script of that page'),
  apiStyle: page('/assets/api.css', 'What its style adds'),
  script: page('/assets/console.js', 'The script of the pages for people'),
  style: page('/assets/console.css', 'Their style sheet'),
  metrics: {
    method: 'GET',
    path: '/metrics',
    access: 'caller',
    action: 'metrics:Read',
    effect: 'reads',
    summary: 'What is counted and measured in this process, as Prometheus reads it',
  },
  introspect: {
    method: 'POST',
    path: '/oauth2/introspect',
    access: 'client',
    action: 'token:Introspect',
    effect: 'reads',
    form: PRESENTED,
    answer: INTROSPECTION,
    summary: 'Whom a token speaks for that was presented to somebody’s gateway, and whether it is good (RFC 7662)',
  },
  revoke: {
    method: 'POST',
    path: '/oauth2/revoke',
    access: 'client',
    action: 'token:RevokePresented',
    effect: 'changes',
    form: PRESENTED,
    answer: REVOKED,
    summary: 'End a token that is presented; the very token that asks takes no permission (RFC 7009)',
  },
  forwardAuth: {
    ...FORWARD_AUTH,
    path: '/auth/forward-auth',
    below: true,
    summary: 'Whether the bearer of a request may pass a gateway, and who they are, as headers',
  },
  forwardAuthTenantAdmin: {
    ...FORWARD_AUTH,
    path: '/auth/forward-auth/tenant-admin',
    below: true,
    summary: 'The same for whoever may everything in the tenant',
  },
  signIn: {
    method: 'POST',
    path: '/auth/sign-in',
    access: 'public',
    action: 'session:Create',
    effect: 'mints',
    body: z.strictObject({ email: z.string(), password: z.string() }),
    summary: 'E-mail and password for a session cookie',
  },
  acceptInvitation: {
    method: 'POST',
    path: '/auth/accept-invitation',
    access: 'public',
    action: 'invitation:Accept',
    effect: 'mints',
    body: z.strictObject({ code: z.string(), email: z.string().optional(), password: z.string() }),
    summary: 'A one-time code and a new password for a session cookie',
  },
  signOut: {
    method: 'POST',
    path: '/auth/sign-out',
    access: 'session',
    action: 'session:End',
    effect: 'changes',
    body: z.strictObject({}),
    summary: 'End the session',
  },
} as const satisfies Readonly<Record<string, Entrance>>;
export type EntranceId = keyof typeof ENTRANCES;
