import type { Caller } from '#domain/caller.ts';
import type { SubjectId } from '#domain/grant.ts';
import type { Principal, PrincipalId } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { type SubjectRef, subjectText } from '#domain/subject.ts';
import { EVERYONE, type TeamId, type TeamName } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Moved } from '#ports/changes.ts';
import type { Store } from '#ports/store.ts';

/** Whom a grant applies to, with the name they have now. */
export type Subject =
  | { readonly kind: 'user'; readonly id: PrincipalId; readonly name: string }
  | { readonly kind: 'virtualaccount'; readonly id: PrincipalId; readonly name: string }
  | { readonly kind: 'team'; readonly id: TeamId; readonly name: string }
  | { readonly kind: 'everyone'; readonly id: TenantId; readonly name: typeof EVERYONE };

export type Reads = Pick<
  Store,
  'tenants' | 'principals' | 'virtualAccounts' | 'teams' | 'roles' | 'grants' | 'roleBindings'
>;

export const textOf = ({ kind, name }: Subject): string => `${kind === 'everyone' ? 'team' : kind}:${name}`;

/** Names become ids here, when a grant is written: who comes later by the same name inherits nothing. */
export async function subjectNamed(reads: Reads, { tenant }: Caller, ref: SubjectRef): Promise<Subject> {
  if (ref.kind === 'team' && ref.name === EVERYONE) return { kind: 'everyone', id: tenant.id, name: EVERYONE };
  const found = await byName(reads, tenant.id, ref);
  if (found === undefined) throw nobody(ref);
  return found;
}

async function byName(reads: Reads, tenant: TenantId, { kind, name }: SubjectRef): Promise<Subject | undefined> {
  if (kind === 'user') {
    const user = await reads.principals.userByEmail(tenant, name);
    return user && { kind, id: user.id, name: user.name };
  }
  if (kind === 'virtualaccount') {
    const account = await reads.virtualAccounts.byName(tenant, name);
    return account && { kind, id: account.id, name: account.name };
  }
  if (kind !== 'team') return undefined;
  const team = await reads.teams.byName(tenant, name as TeamName); // everyone is no row, and was told apart before
  return team && { kind, id: team.id, name: team.name };
}

const nobody = (ref: SubjectRef): Refusal =>
  new Refusal('unprocessable', `There is no ${subjectText(ref)}.`, {
    problems: [{ field: 'subject', problem: `${subjectText(ref)} is not there` }],
  });

/** Of the ids that stand in grants. Who is gone has no grants; an id that nobody has was put there by somebody else. */
export async function subjectsOf(
  reads: Reads,
  { tenant }: Caller,
  ids: readonly SubjectId[],
): Promise<ReadonlyMap<SubjectId, Subject>> {
  const asked = [...new Set(ids)];
  const teams = await reads.teams.named(tenant.id, asked as readonly TeamId[]);
  const isTeam = new Set<SubjectId>(teams.map(({ id }) => id));
  const others = asked.filter((id) => id !== tenant.id && !isTeam.has(id)) as readonly PrincipalId[];
  const people = new Map((await reads.principals.named(tenant.id, others)).map((one) => [one.id, one]));
  return new Map<SubjectId, Subject>([
    [tenant.id, { kind: 'everyone', id: tenant.id, name: EVERYONE }],
    ...teams.map(({ id, name }) => [id, { kind: 'team', id, name }] as const),
    ...others.map((id) => [id, personOf(people.get(id) ?? { id, kind: 'user', name: id })] as const),
  ]);
}

const personOf = ({ id, kind, name }: Principal): Subject => ({
  ...{ kind: kind === 'virtual_account' ? 'virtualaccount' : 'user', id, name },
});

const MOVES = { user: 'principal', virtualaccount: 'principal', team: 'team', everyone: 'tenant' } as const;

/** What a verification rests on that a grant of theirs changes. */
export const movedBy = (subjects: Iterable<Subject>): readonly Moved[] =>
  [...new Map([...subjects].map((one) => [one.id, one])).values()].map(({ kind, id }) => ({ kind: MOVES[kind], id }));
