import type { AccountView } from '#app/virtual-account/view.ts';
import type { Instant } from '#domain/instant.ts';
import { TEAM_NAME } from '#domain/team.ts';
import type { StandingToken } from '#domain/token.ts';

/** How a value of an account's token stands: it is to be used, still works beside the one that is, or works no more. */
export function stateOfValue(
  { account }: Pick<AccountView, 'account'>,
  { id, endsAt = Number.POSITIVE_INFINITY }: Pick<StandingToken, 'id' | 'endsAt'>,
  now: Instant,
): 'current' | 'grace' | 'expired' {
  if (endsAt <= now) return 'expired';
  return id === account.current ? 'current' : 'grace';
}

/** What cannot be a team's name names none, and owns nothing. */
export const teamsAmong = (names: readonly string[] | undefined): readonly string[] | undefined =>
  names?.filter((name) => TEAM_NAME.test(name));

/** By its own date; one of which somebody has ended every value is not over. */
export const isOver = ({ account }: Pick<AccountView, 'account'>, now: Instant): boolean =>
  account.expiresAt !== undefined && account.expiresAt <= now;
