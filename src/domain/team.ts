import type { Brand } from './brand.ts';
import type { Id } from './id.ts';
import type { Instant } from './instant.ts';
import type { PrincipalId } from './principal.ts';
import { Refusal } from './refusal.ts';

export type TeamId = Id<'Team'>;
export type TeamName = Brand<string, 'TeamName'>;

/** All users of a tenant; not kept as a team, so it has the tenant's id, and nobody joins or leaves it. */
export const EVERYONE = 'everyone';

export type Team = {
  readonly id: TeamId;
  readonly name: TeamName;
  readonly displayName: string | undefined;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdBy: PrincipalId;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};

/** Whoever manages a team belongs to it, whether or not they are among its members. */
export type Belonging = { readonly isMember: boolean; readonly isManager: boolean };
export type TeamMember = Belonging & { readonly principal: PrincipalId };
export type Membership = Belonging & { readonly team: TeamId };

export const TEAM_NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,22}[A-Za-z0-9]$|^[A-Za-z0-9]$/;
const FORM = 'A team name has at most 24 letters, digits and dashes, and neither begins nor ends with a dash.';

export function parseTeamName(input: string): TeamName {
  if (!TEAM_NAME.test(input)) throw wrong(FORM, `must match ${TEAM_NAME.source}`);
  if (input.toLowerCase() === EVERYONE)
    throw wrong('The team everyone is there already, and holds all users.', 'is taken');
  return input as TeamName;
}

const wrong = (message: string, problem: string): Refusal =>
  new Refusal('unprocessable', message, { problems: [{ field: 'name', problem }] });
