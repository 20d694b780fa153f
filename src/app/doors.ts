import { type Act, type AuditDetails, type AuditEntry, entryOf } from '#domain/audit.ts';
import type { Caller, Credential } from '#domain/caller.ts';
import type { Action } from '#domain/permission.ts';
import { Refusal } from '#domain/refusal.ts';
import { allows } from '#domain/rights.ts';
import type { TenantId } from '#domain/tenant.ts';
import { unreachable } from '#domain/unreachable.ts';
import { type Known, notAuthenticated, standingOf } from '#domain/verification.ts';
import type { Moved } from '#ports/changes.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from './deps.ts';
import { newId } from './new-id.ts';
import { catchUp } from './token/catch-up.ts';

/*
 * The three doors to every effect. Each decides first; nothing is changed or shown by another way, but for what was left
 * to be written behind (flush.ts), and rows that nothing is decided by any more (src/jobs/retention.ts). A read before a door may only find what the act is on.
 */

/** Decides whether the caller may look, then reads. One decision per listing. */
export async function view<Result>(
  deps: Deps,
  caller: Caller,
  what: { readonly action: Action; readonly collection: `${string}/` },
  read: () => Promise<Result>,
): Promise<Result> {
  await foundOrRefused(deps, caller, { action: what.action, resource: what.collection }, made);
  return read();
}

/** Decides whether the caller may look at one thing, which is what was found. */
export const viewOne = <Found>(
  deps: Deps,
  caller: Caller,
  what: Act & { readonly locate: Locate<Found> },
): Promise<Found> => foundOrRefused(deps, caller, what, what.locate);

/** Finds what an act is on, before the decision and whatever it will be; undefined takes the way of a denial, entry and all. */
export type Locate<Found> = () => Promise<Found | undefined>;

/** What a change did: its answer, what the audit says of it, and what it moved of all that verifications rest on. */
export type Changed<Result> = {
  readonly result: Result;
  readonly details?: AuditDetails;
  /** Where only the transaction could tell what the act is on. */
  readonly resource?: string;
  readonly moved?: readonly Moved[];
};

export type Change<Found, Prepared> = Act & {
  /** `made` where the act makes what it is on. */
  readonly locate: Locate<Found>;
  /**
   * Sealing, hashing, or reading from another system: after the decision, and before the transaction, which waits for
   * nothing. It may only do what leaves nothing behind, because the transaction can still fail.
   */
  readonly prepare?: (found: Found) => Promise<Prepared>;
};

/**
 * Decides, then commits the body's writes, the audit entry and the change-sequence row as one unit.
 * If the entry cannot be written, nothing happened. When it returns, no verifier here believes the old state.
 */
export async function change<Result, Found, Prepared = undefined>(
  deps: Deps,
  caller: Caller,
  what: Change<Found, Prepared>,
  body: (tx: Transaction, found: Found, prepared: Prepared) => Promise<Changed<Result>>,
): Promise<Result> {
  const found = await foundOrRefused(deps, caller, what, what.locate);
  deps.step(`${what.action}.decided`);
  const prepared = (await what.prepare?.(found)) as Prepared;
  const id = newId<'AuditEntry'>(deps);
  const { result, moved, sequence } = await deps.store
    .transact(async (tx) => {
      await refuseIfCutOff(deps, tx, caller, what);
      const changed = await body(tx, found, prepared);
      const act = { action: what.action, resource: changed.resource ?? what.resource };
      await append(tx, caller, entry(deps, caller, act, { id, decision: 'allowed', details: changed.details ?? {} }));
      const moved = changed.moved ?? [];
      const sequence = await tx.changes.append(moved);
      deps.step(`${what.action}.written`);
      return { result: changed.result, moved, sequence };
    })
    .catch(async (error: unknown) => {
      throw error instanceof CutOff ? await cutOff(deps, caller, what, error) : error;
    });
  if (moved.length > 0) deps.verified.applyOwn(sequence, moved);
  deps.step(`${what.action}.committed`);
  if (moved.length > 0) await catchUp(deps);
  return result;
}

/** Decides, makes the entry durable, and only then reads the value. */
export async function reveal<Found, Result>(
  deps: Deps,
  caller: Caller,
  what: Act & { readonly locate: Locate<Found>; readonly details?: AuditDetails },
  read: (found: Found) => Promise<Result>,
): Promise<Result> {
  const found = await foundOrRefused(deps, caller, what, what.locate);
  const allowed = entry(deps, caller, what, { id: newId(deps), decision: 'allowed', details: what.details ?? {} });
  const recorded = deps.store.transact(async (tx) => {
    await refuseIfCutOff(deps, tx, caller, what);
    await append(tx, caller, allowed);
  });
  await recorded.catch(async (error: unknown) => {
    throw error instanceof CutOff ? await cutOff(deps, caller, what, error) : error;
  });
  return read(found);
}

/** What is made has nobody else's it could be: there is nothing to find. */
export const made: Locate<true> = async () => true;

/** That the caller may not go on; undone with the transaction, and told apart outside it. */
class CutOff extends Error {
  readonly known: Known | undefined;
  constructor(known: Known | undefined) {
    super('cut off');
    this.known = known;
  }
}

/**
 * The caller was verified, and the act decided, when the request began; a body may dribble, or wait for its turn, for
 * longer than a revoke takes. So both are done again by what stands in the transaction. Changes of one principal come one
 * after the other, and so does whatever ends a credential of theirs: it holds them, too.
 */
async function refuseIfCutOff({ clock, uses }: Deps, tx: Transaction, caller: Caller, { action, resource }: Act) {
  const { tenant, principal, credential } = caller;
  await tx.principals.hold(tenant.id, principal.id);
  if (credential.kind === 'none') return;
  const known = await knownBy(tx, tenant.id, credential);
  const stands = known !== undefined && standingOf(known, clock.now(), uses.lastOf(known)) === 'live';
  if (!stands || !allows(known.rights, action, resource)) throw new CutOff(known);
}

/** What stands of a credential that was accepted before. */
function knownBy(tx: Transaction, tenant: TenantId, credential: Exclude<Credential, { readonly kind: 'none' }>) {
  switch (credential.kind) {
    case 'token':
      return tx.tokens.byGeneration(tenant, credential.pat, credential.generation);
    case 'session':
      return tx.sessions.byId(tenant, credential.id);
    case 'external':
      return stillSaid(tx, tenant, credential);
    default:
      return unreachable(credential);
  }
}

/** Of a provider that says what it said, and goes on doing so until this is written. */
async function stillSaid(tx: Transaction, tenant: TenantId, { id, asOf, identity }: External) {
  await tx.identityProviders.hold(tenant, id);
  const known = await tx.identityProviders.known(tenant, id, identity);
  return known?.credential.kind === 'external' && known.credential.asOf === asOf ? known : undefined;
}
type External = Extract<Credential, { readonly kind: 'external' }>;

/** The same as at the beginning: a use of a dead credential is noted, a denial is an entry. */
async function cutOff(deps: Deps, caller: Caller, act: Act, { known }: CutOff): Promise<Refusal> {
  const now = deps.clock.now();
  if (known === undefined) return notAuthenticated();
  if (standingOf(known, now, deps.uses.lastOf(known)) === 'live') {
    await recordDenial(deps, caller, act);
    return forbidden(act);
  }
  deps.uses.refused(known, caller.origin, now);
  return notAuthenticated();
}

/** Who may not and what is not there are told apart by nothing that was done: the same statements, the same entry. */
async function foundOrRefused<Found>(deps: Deps, caller: Caller, act: Act, locate: Locate<Found>): Promise<Found> {
  const found = await locate();
  const allowed = allows(caller.rights, act.action, act.resource);
  if (found !== undefined && allowed) return found;
  await recordDenial(deps, caller, act);
  throw allowed
    ? new Refusal('not_found', 'There is nothing of that name or id.', { detail: `${act.resource} is not there` })
    : forbidden(act);
}

const forbidden = ({ action, resource }: Act): Refusal =>
  new Refusal('forbidden', `This needs ${action}.`, { detail: `${action} denied on ${resource}` });

/** A denial that cannot be recorded is an outage, not a denial. */
export async function recordDenial(deps: Deps, caller: Caller, act: Act): Promise<void> {
  if (!deps.denials.isFirst(caller, act, deps.clock.now())) return;
  try {
    await record(deps, caller, entry(deps, caller, act, { id: newId(deps), decision: 'denied' }));
  } catch (error) {
    deps.denials.unwritten(caller, act);
    throw error;
  }
}

const record = (deps: Deps, caller: Caller, written: AuditEntry): Promise<void> =>
  deps.store.transact((tx) => append(tx, caller, written));

/** The one way into the audit for a caller's act. */
export const append = (tx: Transaction, { origin }: Caller, written: AuditEntry): Promise<void> =>
  tx.audit.append(written, { address: origin.address, userAgent: origin.userAgent });

const entry = (
  deps: Deps,
  caller: Caller,
  act: Act,
  outcome: Pick<AuditEntry, 'id' | 'decision'> & { details?: AuditDetails },
): AuditEntry => entryOf(caller, act, { at: deps.clock.now(), ...outcome });
