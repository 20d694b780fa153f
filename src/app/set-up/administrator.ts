import { sealDelivery } from '#crypto/delivery.ts';
import { hashPassword } from '#crypto/password.ts';
import type { Email, PrincipalRecord } from '#domain/principal.ts';
import { newUser } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Tenant, TenantId } from '#domain/tenant.ts';
import { parseTokenName } from '#domain/token.ts';
import type { PasswordHash } from '#ports/principals.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { newId } from '../new-id.ts';
import { programCaller } from '../program-caller.ts';
import { type Issue, issueFor } from '../token/issue.ts';

/** What the first token of an unattended set-up is called. */
const BOOTSTRAP_NAME = 'bootstrap';

export type WantedAdministrator = {
  readonly email: Email;
  readonly password: Sensitive;
  /** Whether a first token is wanted: it is committed sealed, and pending until `deliver` has handed it over. */
  readonly token: boolean;
};

/** Makes the first administrator, their password and their first token as one unit; refuses with `conflict` when there is one. */
export async function setUpAdministrator(deps: Deps, tenant: Tenant, wanted: WantedAdministrator): Promise<void> {
  const user = newUser(newId(deps), wanted.email, deps.clock.now());
  const what = {
    action: 'user:ManageUsers',
    resource: `user/${user.id}`,
    prepare: () => hashPassword(wanted.password, deps.random),
  } as const;
  const issue = issueFor(deps, user.id, { name: parseTokenName(BOOTSTRAP_NAME), expiresAt: undefined });
  await change(deps, programCaller(tenant, 'setup', ['user:ManageUsers']), what, async (tx, _, hash) => {
    await addAdministrator(deps, tx, tenant.id, { user, hash });
    if (wanted.token) await addPending(deps, tx, tenant.id, issue);
    return { result: undefined, details: wanted.token ? { preview: issue.token.preview } : {} };
  });
}

/** Inside a transaction: somebody else may have been first. */
export async function addAdministrator(
  deps: Pick<Deps, 'random'>,
  tx: Transaction,
  tenant: TenantId,
  { user, hash }: { readonly user: PrincipalRecord; readonly hash: PasswordHash },
): Promise<void> {
  if (await tx.principals.anyHolds(tenant, 'tenant-admin')) throw alreadySetUp();
  if (!(await tx.principals.insert(tenant, user))) throw alreadySetUp();
  await tx.principals.addGrant(tenant, newId(deps), user.id, { role: 'tenant-admin', resource: '*' });
  await tx.principals.setPassword(tenant, user.id, hash, user.createdAt);
}

export const alreadySetUp = (): Refusal =>
  new Refusal('conflict', 'This instance has an administrator already. Sign in, or ask them for an invitation.');

async function addPending(deps: Deps, tx: Transaction, tenant: TenantId, { value, pat, token, digest }: Issue) {
  const sealed = sealDelivery(deps.keyring, value, { tenant, pat: pat.id, token: token.id }, deps.random);
  await tx.pats.insert(tenant, pat);
  await tx.tokens.add(tenant, token, digest);
  await tx.deliveries.insert(tenant, { token: token.id, pat: pat.id, sealed });
}
