import { sealDelivery } from '#crypto/delivery.ts';
import { hashPassword } from '#crypto/password.ts';
import { type GrantId, onTenant } from '#domain/grant.ts';
import { type Email, newUser, type PrincipalRecord } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Tenant, TenantId } from '#domain/tenant.ts';
import { parseTokenName } from '#domain/token.ts';
import type { PasswordHash } from '#ports/principals.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change, made } from '../doors.ts';
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

/** What an administrator's rows need that is made at random, and so outside the transaction. */
export type NewAdministrator = { readonly user: PrincipalRecord; readonly grant: GrantId };

export const newAdministrator = (deps: Pick<Deps, 'random' | 'clock'>, email: Email): NewAdministrator => ({
  user: newUser(newId(deps), email, deps.clock.now()),
  grant: newId(deps),
});

/** Makes the first administrator, their password and their first token as one unit; refuses with `conflict` when there is one. */
export async function setUpAdministrator(deps: Deps, tenant: Tenant, wanted: WantedAdministrator): Promise<void> {
  const administrator = newAdministrator(deps, wanted.email);
  const what = {
    action: 'user:ManageUsers',
    resource: `user/${administrator.user.id}`,
    locate: made,
    prepare: async () => ({
      hash: await hashPassword(wanted.password, deps.random),
      pending: wanted.token ? await newPending(deps, tenant, administrator.user) : undefined,
    }),
  } as const;
  await change(
    deps,
    programCaller(tenant, 'setup', ['user:ManageUsers']),
    what,
    async (tx, _, { hash, pending }: Prepared) => {
      await addAdministrator(tx, tenant.id, administrator, hash);
      if (pending !== undefined) await addPending(tx, tenant.id, pending);
      return { result: undefined, details: pending === undefined ? {} : { preview: pending.token.preview } };
    },
  );
}

/** Inside a transaction: somebody else may have been first. */
export async function addAdministrator(
  tx: Transaction,
  tenant: TenantId,
  { user, grant }: NewAdministrator,
  hash: PasswordHash,
): Promise<void> {
  await tx.tenants.hold(tenant);
  if (await tx.grants.anyHolds(tenant, 'tenant-admin')) throw alreadySetUp();
  if (!(await tx.principals.insert(tenant, user))) throw alreadySetUp();
  await tx.grants.add(tenant, onTenant(grant, user.id, 'tenant-admin'));
  await tx.principals.setPassword(tenant, user.id, hash, user.createdAt);
}

export const alreadySetUp = (): Refusal =>
  new Refusal('conflict', 'This instance has an administrator already. Sign in, or ask them for an invitation.');

type Pending = Issue & { readonly sealed: Uint8Array };
type Prepared = { readonly hash: PasswordHash; readonly pending: Pending | undefined };

/** Opaque, and without end: no settings stand yet but those that a tenant begins with. */
async function newPending(deps: Deps, tenant: Tenant, user: PrincipalRecord): Promise<Pending> {
  const wanted = { name: parseTokenName(BOOTSTRAP_NAME), format: 'opaque', expiresAt: undefined } as const;
  const issue = await issueFor(deps, { tenant, principal: user }, wanted);
  const { value, pat, token } = issue;
  const to = { tenant: tenant.id, pat: pat.id, token: token.id };
  return { ...issue, sealed: sealDelivery(deps.keyring, value, to, deps.random) };
}

async function addPending(tx: Transaction, tenant: TenantId, { pat, token, digest, sealed }: Pending): Promise<void> {
  await tx.pats.insert(tenant, pat);
  await tx.tokens.add(tenant, token, digest);
  await tx.deliveries.insert(tenant, { token: token.id, pat: pat.id, sealed });
}
