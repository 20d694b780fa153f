import { signingKey, signJwt } from '#crypto/jwt.ts';
import { digestOf, mint, previewOf, unguessable } from '#crypto/opaque.ts';
import type { Instant } from '#domain/instant.ts';
import type { Principal, PrincipalId } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { TeamId } from '#domain/team.ts';
import type { Tenant, TenantId } from '#domain/tenant.ts';
import type { PersonalAccessToken, Token, TokenFormat, TokenKind, TokenName } from '#domain/token.ts';
import type { PepperedDigest } from '#ports/digest.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { learnKeys } from '../key/learn.ts';
import { newId } from '../new-id.ts';
import { Overtaken } from '../overtaken.ts';
import { claimsOf } from './claims.ts';

/** A value that was minted and is nowhere yet, with all that its row needs. */
export type NewValue = { readonly value: Sensitive; readonly digest: PepperedDigest; readonly token: Token };
/** The same with the personal access token that is to own it. */
export type Issue = NewValue & { readonly pat: PersonalAccessToken };

/** Whose, in which form, until when; its date is decided already. */
export type WantedValue = {
  readonly pat: PersonalAccessToken['id'];
  readonly generation: number;
  readonly format: TokenFormat;
  readonly expiresAt: Instant | undefined;
};

type IssueDeps = Pick<Deps, 'random' | 'clock' | 'keyring' | 'issuer' | 'store' | 'wrapper'>;
export type Owner = { readonly tenant: Tenant; readonly principal: Principal };

const kindFor = ({ principal }: Owner): TokenKind => (principal.kind === 'virtual_account' ? 'va' : 'pat');

/** Made outside the transaction, which may run more than once, and waits for nothing. */
export async function newValue(deps: IssueDeps, owner: Owner, wanted: WantedValue): Promise<NewValue> {
  const id = newId<'Token'>(deps);
  const life = { createdAt: deps.clock.now(), expiresAt: wanted.expiresAt };
  const { value, signedBy } = await written(deps, owner, { ...wanted, ...life, id });
  const { pat, generation, format } = wanted;
  const token = { id, kind: kindFor(owner), pat, subject: owner.principal.id, generation, format };
  const shown = { signedBy, preview: previewOf(value), ended: undefined };
  return { value, digest: digestOf(deps.keyring, value), token: { ...token, ...life, ...shown } };
}

type Life = { readonly id: Token['id']; readonly createdAt: Instant };

async function written(deps: IssueDeps, owner: Owner, wanted: WantedValue & Life) {
  if (wanted.format === 'opaque') return { value: mint(kindFor(owner), deps.random), signedBy: undefined };
  if (deps.store.isShared) await learnKeys(deps); // another process may have withdrawn what we signed with
  const key = signingKey(deps.keyring, deps.clock.now());
  const claims = claimsOf(deps.issuer(), owner, { ...wanted, unguessable: unguessable(deps.random) });
  return { value: await signJwt(key, claims), signedBy: key.id };
}

export type WantedPat = {
  readonly name: TokenName;
  readonly format: TokenFormat;
  readonly expiresAt: Instant | undefined;
  readonly team?: TeamId | undefined;
};

/** A personal access token, or the token of a virtual account, with its first value. */
export async function issueFor(
  deps: IssueDeps,
  owner: Owner,
  { name, format, expiresAt, team }: WantedPat,
  createdBy: PrincipalId = owner.principal.id,
): Promise<Issue> {
  const id = newId<'PersonalAccessToken'>(deps);
  const value = await newValue(deps, owner, { pat: id, generation: 1, format, expiresAt });
  const { createdAt } = value.token;
  const pat = { id, owner: owner.principal.id, name, createdBy, createdAt, updatedAt: createdAt };
  return { ...value, pat: { ...pat, expiresAt, ended: undefined, team, kind: value.token.kind } };
}

/** Its row. What was signed by a key that is withdrawn meanwhile is minted again. */
export async function addValue(tx: Transaction, tenant: TenantId, { token, digest }: Omit<NewValue, 'value'>) {
  if (token.signedBy !== undefined && !(await tx.keys.hold(token.signedBy))) throw new Overtaken();
  await tx.tokens.add(tenant, token, digest);
}
