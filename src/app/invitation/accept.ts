import { digestsOf } from '#crypto/opaque.ts';
import { kindOf } from '#crypto/opaque-form.ts';
import { hashPassword } from '#crypto/password.ts';
import type { Caller, Origin } from '#domain/caller.ts';
import { type Invitation, isSpent } from '#domain/invitation.ts';
import { type Email, type PrincipalRecord, programPrincipal } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { exceeding } from '#domain/rights.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Tenant, TenantId } from '#domain/tenant.ts';
import type { PasswordHash } from '#ports/principals.ts';
import type { Store, Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { callerWithout } from '../program-caller.ts';
import { type NewSession, newSession, type SignedIn } from '../session/issue.ts';
import { addAdministrator, type NewAdministrator, newAdministrator } from '../set-up/administrator.ts';
import { rightsOf } from '../user/upon.ts';

export type Acceptance = {
  readonly code: Sensitive;
  readonly password: Sensitive;
  /** Of the first administrator, who has none yet; an invited person's is known. */
  readonly email: Email | undefined;
};

/** `first` where the invitation makes the first administrator. */
type Accepted = {
  readonly invitation: Invitation;
  readonly user: PrincipalRecord;
  readonly first: NewAdministrator | undefined;
};

type Prepared = { readonly hash: PasswordHash; readonly signedIn: NewSession };

/**
 * Whoever holds the code sets a password and is signed in, once. The first administrator is made by it; of an invited
 * user every earlier password and session ends.
 */
export async function acceptInvitation(
  deps: Deps,
  tenant: Tenant,
  given: Acceptance,
  origin: Origin,
): Promise<SignedIn> {
  const found = await located(deps, tenant.id, given);
  const caller = acceptor(tenant, found, origin);
  const what = {
    action: 'invitation:Accept',
    resource: `invitation/${found?.invitation.id ?? ''}`,
    locate: async () => found,
    prepare: async ({ user }: Accepted) => ({
      hash: await hashPassword(given.password, deps.random),
      signedIn: newSession(deps, user.id),
    }),
  } as const;
  return change(deps, caller, what, async (tx, { invitation, user, first }: Accepted, { hash, signedIn }: Prepared) => {
    const now = deps.clock.now();
    if (!(await tx.invitations.use(tenant.id, invitation.id, now))) throw spent();
    if (first !== undefined) await addAdministrator(tx, tenant.id, first, hash);
    else await renewPassword(tx, tenant.id, { invitation, user }, { hash, at: now });
    await tx.sessions.insert(tenant.id, signedIn.session, signedIn.digest);
    return { result: signedIn, moved: [{ kind: 'principal', id: user.id }] };
  }).catch(absentIsSpent);
}

/** What cannot be a code is refused without a query, in the words for any other that does not work. */
async function located(deps: Deps, tenant: TenantId, { code, email }: Acceptance): Promise<Accepted | undefined> {
  if (kindOf(code, ['invitation']) === undefined) throw spent();
  const found = await deps.store.invitations.byDigest(digestsOf(deps.keyring, code));
  if (found === undefined || found.tenant !== tenant || isSpent(found.invitation, deps.clock.now())) return undefined;
  return accepted(deps, tenant, found.invitation, email);
}

async function accepted(
  deps: Deps,
  tenant: TenantId,
  invitation: Invitation,
  email: Email | undefined,
): Promise<Accepted | undefined> {
  if (invitation.principal !== undefined) {
    const user = await deps.store.principals.get(tenant, invitation.principal);
    const stands = user?.active && (await isWithin(deps.store, tenant, invitation, user));
    return stands ? { invitation, user, first: undefined } : undefined;
  }
  if (email === undefined) throw noEmail();
  const first = newAdministrator(deps, email);
  return { invitation, user: first.user, first };
}

const noEmail = (): Refusal =>
  new Refusal('invalid_request', 'Give the e-mail address that the administrator will sign in with.', {
    problems: [{ field: 'email', problem: 'is missing' }],
  });

/** Who holds a code is who it was made for; of one that does not work nobody knows who holds it. */
const acceptor = (tenant: Tenant, found: Accepted | undefined, origin: Origin): Caller =>
  callerWithout(tenant, found?.user ?? programPrincipal('anonymous'), ['invitation:Accept'], origin);

/**
 * Whoever made the link may still do what the invited may by now: else they would keep a link of somebody who is nobody yet,
 * and open it once that one has been given rights.
 */
async function isWithin(
  reads: Pick<Store, 'principals' | 'grants'>,
  tenant: TenantId,
  { invitedBy }: Invitation,
  user: PrincipalRecord,
): Promise<boolean> {
  if (invitedBy === undefined) return true;
  const inviter = await reads.principals.get(tenant, invitedBy);
  if (inviter?.active !== true) return false;
  return exceeding(await rightsOf(reads, tenant, inviter), await rightsOf(reads, tenant, user)).length === 0;
}

async function renewPassword(
  tx: Transaction,
  tenant: TenantId,
  { invitation, user }: Pick<Accepted, 'invitation' | 'user'>,
  { hash, at }: { readonly hash: PasswordHash; readonly at: number },
): Promise<void> {
  // Somebody may have deactivated them, or given them rights, while the password was being hashed.
  await tx.principals.hold(tenant, user.id);
  const now = await tx.principals.get(tenant, user.id);
  if (now?.active !== true || !(await isWithin(tx, tenant, invitation, now))) throw spent();
  await tx.principals.setPassword(tenant, user.id, hash, at);
  await tx.sessions.endAll(tenant, user.id, at);
}

const spent = (): Refusal =>
  new Refusal(
    'not_found',
    'This link does not work: it was used, replaced by a newer one, or is too old. Ask for a new one.',
  );

function absentIsSpent(error: unknown): never {
  throw error instanceof Refusal && error.code === 'not_found' ? spent() : error;
}
