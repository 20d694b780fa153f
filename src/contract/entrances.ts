import * as z from 'zod';
import type { Action } from '#domain/permission.ts';
import type { Effect } from './operation.ts';

/**
 * One way in that is no operation: it answers with a page, a cookie or a text. Whoever calls from a browser must do so
 * from our own pages. `caller` is whoever an operation takes, by a token or by a session.
 */
export type Entrance = {
  readonly method: 'GET' | 'POST';
  readonly path: `/${string}`;
  readonly access: 'public' | 'session' | 'caller';
  readonly action: Action | 'none';
  readonly effect: Effect;
  /** What stands in its JSON body; pages take none. Strict: nobody but our own pages calls. */
  readonly body?: z.ZodObject;
  readonly summary: string;
};

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
