import { onTestFinished } from 'vitest';
import { Keyring } from '#crypto/keyring.ts';
import { rowMacs } from '#crypto/row-mac.ts';
import { onTenant } from '#domain/grant.ts';
import { ID_RANDOM_BYTES, type Id, idFrom } from '#domain/id.ts';
import { type IdentityProvider, type ProviderInput, parseProvider } from '#domain/identity-provider.ts';
import type { Invitation } from '#domain/invitation.ts';
import { type PrincipalId, type PrincipalRecord, parseEmail } from '#domain/principal.ts';
import { type BuiltInRoleId, type CustomRole, parseRoleName } from '#domain/role.ts';
import { parseRoleBindingName, type RoleBinding } from '#domain/role-binding.ts';
import type { Session } from '#domain/session.ts';
import { parseTeamName, type Team } from '#domain/team.ts';
import { parseTenantName, type Tenant, type TenantId } from '#domain/tenant.ts';
import {
  type Ended,
  type LastUse,
  type PatId,
  type PatView,
  type PersonalAccessToken,
  parseTokenName,
  type Token,
} from '#domain/token.ts';
import { earliest } from '#domain/token-settings.ts';
import { parseVirtualAccountName, type VirtualAccount } from '#domain/virtual-account.ts';
import type { KeyId, PepperedDigest } from '#ports/digest.ts';
import type { Store } from '#ports/store.ts';
import { countingRandom } from '#support/fixed.ts';
import type { Adapter } from './adapters.ts';

export const random = countingRandom();
export const newId = <Noun extends string>(): Id<Noun> => idFrom(random.bytes(ID_RANDOM_BYTES));
export const EVERYTHING = { limit: 2_000, offset: 0, nameContains: '' };
export const newDigest = (): PepperedDigest => ({ digest: Buffer.from(random.bytes(32)), pepper: newId<'Key'>() });
export const endedBy = (by: PrincipalId, at: number): Ended => ({ at, by, reason: 'deleted' });

/** Row MACs under a key that both an honest program and its next start have. */
export function fixedMacs() {
  const keyring = new Keyring();
  const id = 'm'.repeat(24) as KeyId;
  keyring.hold({ id, purpose: 'row-mac', tenant: undefined, createdAt: 1 }, Buffer.alloc(32, 3));
  return rowMacs(keyring);
}

/** Two tenants; what one of them has, the other may have under the same ids and names. */
export async function openWorld(adapter: Adapter) {
  const { database, raw, again } = await adapter.open();
  await database.keys.begin({ fingerprint: 'f', keys: [] }); // as every start leaves it
  const store = database.store(fixedMacs());
  onTestFinished(() => store.close());
  const acme = await tenantIn(store, 'acme');
  const other = await tenantIn(store, 'other');
  const alice = await userIn(store, acme.id, 'alice', ['tenant-member']);
  return { store, raw, again, acme, other, alice };
}
export type StoreWorld = Awaited<ReturnType<typeof openWorld>>;

export async function tenantIn(store: Store, name: string): Promise<Tenant> {
  const tenant: Tenant = { id: newId(), name: parseTenantName(name) };
  await store.transact((tx) => tx.tenants.insert(tenant));
  return tenant;
}

export const newUser = (name: string, own: Partial<PrincipalRecord> = {}): PrincipalRecord => ({
  ...{ id: newId(), kind: 'user', name: parseEmail(`${name}@example.com`), active: true, createdAt: 1, updatedAt: 2 },
  removedAt: undefined,
  ...own,
});

export async function userIn(
  store: Store,
  tenant: TenantId,
  name: string,
  roles: readonly BuiltInRoleId[] = [],
  own: Partial<PrincipalRecord> = {},
): Promise<PrincipalRecord> {
  const user = newUser(name, own);
  await store.transact(async (tx) => {
    await tx.principals.insert(tenant, user);
    for (const role of roles) await tx.grants.add(tenant, onTenant(newId(), user.id, role));
  });
  return user;
}

const MADE = { createdBy: newId<'Principal'>(), createdAt: 1, updatedAt: 1 } as const;

export const newTeam = (name: string, own: Partial<Team> = {}): Team => ({
  ...{ id: newId(), name: parseTeamName(name), displayName: undefined, description: '', tags: {} },
  ...MADE,
  ...own,
});

export const newRole = (name: string, own: Partial<CustomRole> = {}): CustomRole => ({
  ...{ id: newId(), name: parseRoleName(name), displayName: name, description: '' },
  ...{ permissions: ['team:ReadTeam', 'user:ListUsers'], ...MADE },
  ...own,
});

export const newProvider = (name: string, input: Partial<ProviderInput> = {}): IdentityProvider => ({
  ...parseProvider({
    ...{ name, issuer: 'https://idp.example', jwksUri: 'https://idp.example/keys', audiences: ['countersign'] },
    ...{ emailClaim: 'email', teamClaim: 'groups', ...input },
  }),
  ...{ id: newId(), ...MADE },
});

export const newBinding = (name: string): RoleBinding => ({
  ...{ id: newId(), name: parseRoleBindingName(name) },
  ...MADE,
});

export const newPat = (owner: PrincipalId, name: string, own: Partial<PersonalAccessToken> = {}) =>
  ({
    ...{ id: newId<'PersonalAccessToken'>(), owner, name: parseTokenName(name), createdBy: owner },
    ...{ createdAt: 1, updatedAt: 1, expiresAt: undefined, ended: undefined, team: undefined, kind: 'pat' },
    ...own,
  }) satisfies PersonalAccessToken as PersonalAccessToken;

export const newToken = (pat: PersonalAccessToken, own: Partial<Token> = {}): Token => ({
  ...{ id: newId(), kind: pat.kind, pat: pat.id, subject: pat.owner, generation: 1, format: 'opaque' },
  ...{ signedBy: undefined, preview: 'tfy_pat_0000…0000', createdAt: 1, expiresAt: undefined, ended: undefined },
  ...own,
});

export const insertPat = (store: Store, tenant: TenantId, pat: PersonalAccessToken): Promise<boolean> =>
  store.transact((tx) => tx.pats.insert(tenant, pat));

/** A personal access token with one value. */
export async function heldBy(
  store: Store,
  tenant: TenantId,
  owner: PrincipalId,
  name: string,
  own: Partial<PersonalAccessToken> = {},
) {
  const pat = newPat(owner, name, own);
  const token = newToken(pat, { createdAt: pat.createdAt, expiresAt: pat.expiresAt });
  const digest = newDigest();
  await store.transact(async (tx) => {
    await tx.pats.insert(tenant, pat);
    await tx.tokens.add(tenant, token, digest);
  });
  return { pat, token, digest: digest.digest, view: viewOf(pat, [token]) };
}

/** Of a tenant that limits nothing, where nothing was used. */
export function viewOf(pat: PersonalAccessToken, tokens: readonly Token[]): PatView {
  const ends = tokens.map(({ expiresAt }) => expiresAt);
  const last = ends.includes(undefined) ? undefined : Math.max(...(ends as number[]));
  return { pat, ...UNUSED, tokens: tokens.map(standing), endsAt: earliest(pat.expiresAt, last) };
}

export const standing = (token: Token) => ({ ...token, endsAt: token.expiresAt, lastUse: undefined });

const UNUSED = { lastUse: undefined, deadUse: undefined } as const satisfies Record<string, LastUse | undefined>;

/** The next generation of it. */
export async function addValue(store: Store, tenant: TenantId, pat: PersonalAccessToken, own: Partial<Token> = {}) {
  const digest = newDigest();
  const token = await store.transact(async (tx) => {
    const generation = (await tx.tokens.lastGeneration(tenant, pat.id)) + 1;
    const added = newToken(pat, { generation, ...own });
    await tx.tokens.add(tenant, added, digest);
    return added;
  });
  return { token, digest: digest.digest };
}

export const revoke = (store: Store, tenant: TenantId, owner: PrincipalId, pat: PatId, at = 5) =>
  store.transact((tx) => tx.pats.revoke(tenant, owner, pat, endedBy(owner, at)));

export async function sessionOf(store: Store, tenant: TenantId, principal: PrincipalId, own: Partial<Session> = {}) {
  const session: Session = { id: newId(), principal, createdAt: 1, expiresAt: 1_000, endedAt: undefined, ...own };
  const digest = newDigest();
  await store.transact((tx) => tx.sessions.insert(tenant, session, digest));
  return { session, digest: digest.digest };
}

export async function invitationFor(store: Store, tenant: TenantId, principal: PrincipalId | undefined) {
  const times = { createdAt: 1, expiresAt: 1_000, usedAt: undefined };
  const invitation: Invitation = { id: newId(), principal, invitedBy: undefined, ...times };
  const digest = newDigest();
  await store.transact((tx) => tx.invitations.insert(tenant, invitation, digest));
  return { invitation, digest: digest.digest };
}

export const newAccount = (name: string, own: Partial<VirtualAccount> = {}): VirtualAccount => ({
  ...{ id: newId(), name: parseVirtualAccountName(name), pat: newId(), current: newId(), team: undefined, tags: {} },
  ...{ expiresAt: undefined, format: undefined, autoRotate: undefined, rotatesAt: undefined, version: 1 },
  ...MADE,
  ...own,
});

/** A virtual account whose token has one value, which is its current one. */
export async function accountIn(store: Store, tenant: TenantId, name: string, own: Partial<VirtualAccount> = {}) {
  const account = newAccount(name, own);
  const { id, createdBy, createdAt, expiresAt } = account;
  const principal = newUser(name, { id, kind: 'virtual_account', name, createdAt });
  const made = { createdBy, createdAt, expiresAt } as const;
  const pat = newPat(id, name, { ...made, id: account.pat, kind: 'va' });
  const token = newToken(pat, { id: account.current ?? newId(), createdAt });
  const digest = newDigest();
  await store.transact(async (tx) => {
    await tx.principals.insert(tenant, principal);
    await tx.pats.insert(tenant, pat);
    await tx.tokens.add(tenant, token, digest);
    await tx.virtualAccounts.insert(tenant, account);
  });
  return { account, principal, pat, token, digest: digest.digest, view: viewOf(pat, [token]) };
}
