import type { Verified } from '#app/token/verify.ts';
import type { EntranceId } from '#contract/entrances.ts';
import type { Untrusted } from '#contract/operation.ts';
import type { OperationId } from '#contract/operations.ts';
import type { Caller, Origin, Visitor } from '#domain/caller.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Traffic } from './traffic.ts';

/** A session that has begun, as a browser is told of it. */
export type Session = { readonly cookie: Sensitive; readonly session: { readonly expiresAt: number } };

/** A request that may be sent again, and is then the same: its key, all that it asks, and the credential that asks it. */
export type Once = { readonly key: string; readonly request: readonly unknown[]; readonly credential: Sensitive };

/** What is served as it lies in a file. */
export type Page = { readonly type: string; readonly body: string };

/** Who enters, or leaves, and where. */
export type Entering = Visitor & { readonly origin: Origin; readonly caller: Caller | undefined };

/** Entrances for other people's gateways. */
export type PresentId = 'introspect' | 'revoke';
export type ForwardId = 'forwardAuth' | 'forwardAuthTenantAdmin';

/** Permissions to hold, and names of the tenant to be of: all of them. */
export type Demands = { readonly permissions: readonly string[]; readonly tenants: readonly string[] };

/** Who presents a token that need not be theirs, and by which one they were let in. */
export type Presenting = { readonly caller: Caller; readonly presentedBy: Sensitive };

/** What this way in needs of the core. */
export type Core = {
  verifyToken(token: Sensitive, origin: Origin): Verified;
  verifySession(cookie: Sensitive, origin: Origin): Verified;
  call(caller: Caller | Visitor, id: OperationId, untrusted: Untrusted, once?: Once): Promise<unknown>;
  /** Resolves to a session that has begun, or to nothing where one has ended. */
  enter(id: EntranceId, body: unknown, by: Entering): Promise<Session | undefined>;
  /** What a gateway asks of a token that was presented to it, in a form that nobody has looked at yet. */
  present(id: PresentId, form: object, by: Presenting): Promise<object>;
  /** Whose request a gateway may let through, as headers, where they are and hold what is demanded besides. */
  forward(id: ForwardId, caller: Caller, demands: Demands): Promise<Readonly<Record<string, string>>>;
  /** All operations, as they are written for whoever has the address that somebody came to. */
  document(visitor: Visitor): Promise<Page>;
  /** The metrics, for whoever may read them. */
  metrics(caller: Caller): Promise<Page>;
  /** Where answers are counted. */
  readonly traffic: Traffic;
  readonly pages: Readonly<Partial<Record<EntranceId, Page>>>;
  now(): number;
  /** Unique for ever, so that a report of one request can name no other. */
  newRequestId(): string;
  /** Told of every answer that is our fault: a Refusal with its cause, or what was thrown. */
  report(error: unknown, requestId: string): void;
};
