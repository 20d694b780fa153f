import type { Caller } from '#domain/caller.ts';
import type { Instant } from '#domain/instant.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Team } from '#domain/team.ts';
import { parseAutoRotate, rescheduled, type VirtualAccount, type VirtualAccountName } from '#domain/virtual-account.ts';
import type { Mapping } from '#ports/identity-providers.ts';
import type { Store } from '#ports/store.ts';
import type { Permitted } from '../grant/permitted.ts';
import type { Reads } from '../grant/subject.ts';
import { plannedMappings, type WantedMapping } from '../identity-provider/mapping.ts';
import { ownerNamed } from './owner.ts';
import { type GrantPlan, plannedGrants } from './permissions.ts';

/** All that a manifest says of an account. */
export type WantedAccount = Pick<VirtualAccount, 'expiresAt' | 'format' | 'autoRotate' | 'tags'> & {
  readonly name: VirtualAccountName;
  /** Undefined leaves what it holds as it is. */
  readonly permissions: readonly Permitted[] | undefined;
  /** That owns it, by name. */
  readonly team: string | undefined;
  /** By which tokens of others it can be acted as. */
  readonly mappings: readonly WantedMapping[];
};

/** The same looked up by what is there. */
export type AccountPlan = {
  readonly owner: Team | undefined;
  readonly grants: GrantPlan;
  readonly mappings: readonly Mapping[];
};

export async function planned(
  reads: Reads & Pick<Store, 'identityProviders'>,
  caller: Caller,
  wanted: WantedAccount,
  known?: VirtualAccount,
): Promise<AccountPlan> {
  if (wanted.mappings.length > 0 && wanted.autoRotate !== undefined) throw notRotated();
  const owner = await ownerNamed(reads, caller, wanted.team);
  const mappings = await plannedMappings(reads, caller, wanted.mappings);
  return { owner, grants: await plannedGrants(reads, caller, wanted.permissions, known?.id), mappings };
}

/** Of what was planned before the transaction nothing has become another thing by its name. */
export const isSamePlan = (one: AccountPlan, other: AccountPlan): boolean => idsIn(one) === idsIn(other);

const idsIn = ({ owner, grants: { roles, missing, gone }, mappings }: AccountPlan): string =>
  [
    owner?.id,
    ...mappings.map(({ provider }) => provider),
    ...roles.map(({ id }) => id),
    ...missing.map(({ role }) => role),
    ...gone.map(({ id }) => id),
  ].join();

/** What the manifest makes of it, whether or not it is there already. */
export function changedBy(
  held: VirtualAccount,
  { expiresAt, format, autoRotate, tags }: WantedAccount,
  owner: Team | undefined,
  now: Instant,
): VirtualAccount {
  const isNew = expiresAt !== held.expiresAt;
  if (isNew && expiresAt !== undefined && expiresAt <= now) throw past();
  const rotation = autoRotate && parseAutoRotate(autoRotate);
  const rotatesAt = rescheduled(held, { autoRotate: rotation, expiresAt }, now);
  return { ...held, team: owner?.id, expiresAt, format, tags, autoRotate: rotation, rotatesAt, updatedAt: now };
}

const past = (): Refusal =>
  new Refusal('invalid_request', 'The expiration date has passed. Give one in the future.', {
    problems: [{ field: 'expiration_date', problem: 'must be in the future' }],
  });

const notRotated = (): Refusal =>
  new Refusal(
    'unprocessable',
    'A virtual account with an identity provider mapping is not rotated: leave out auto_rotate, or the mapping.',
    { problems: [{ field: 'auto_rotate', problem: 'must not stand beside identity_provider_mapping' }] },
  );
