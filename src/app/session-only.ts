import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TokenSettings } from '#domain/token-settings.ts';
import type { Deps } from './deps.ts';
import { recordDenial } from './doors.ts';

/** Whether the tenant keeps to signed-in browsers what a token asks for here. */
export const isForSessions = ({ sessionOnly }: TokenSettings, { credential }: Caller): boolean =>
  sessionOnly && credential.kind !== 'session' && credential.kind !== 'none';

/** On the record, in words that say what a session can do instead. */
export async function refuseToken(deps: Deps, caller: Caller, act: Act, message: string): Promise<never> {
  await recordDenial(deps, caller, act);
  throw new Refusal('forbidden', message, { isExact: true });
}
