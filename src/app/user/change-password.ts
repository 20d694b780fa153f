import { hashPassword, isPassword } from '#crypto/password.ts';
import type { Caller } from '#domain/caller.ts';
import type { Email } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Deps } from '../deps.ts';
import { change, recordDenial } from '../doors.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { accountOf } from '../session/attempts.ts';

export type Passwords = { readonly email: Email; readonly old: Sensitive; readonly wanted: Sensitive };

/**
 * One's own, by whoever knows the old one: a token alone must not be able to make a session of itself. A wrong one costs
 * the address it came from an attempt, as at the sign-in. Every session ends.
 */
export function changePassword(deps: Deps, caller: Caller, { email, old, wanted }: Passwords): Promise<void> {
  const { tenant, principal } = caller;
  const act = { action: 'user:ChangePassword', resource: `user/${principal.id}` } as const;
  const prepare = async () => {
    const known = await deps.store.principals.passwordOf(tenant.id, principal.id);
    await refuseWrong(deps, caller, { email, old, known });
    return { known, hash: await hashPassword(wanted, deps.random) };
  };
  const locate = async () => (principal.kind === 'user' ? principal : undefined);
  return untilNotOvertaken(() =>
    change(deps, caller, { ...act, locate, prepare }, async (tx, { id }, { known, hash }) => {
      if ((await tx.principals.passwordOf(tenant.id, id)) !== known) throw new Overtaken();
      const at = deps.clock.now();
      await tx.principals.setPassword(tenant.id, id, hash, at);
      await tx.sessions.endAll(tenant.id, id, at);
      return { result: undefined, moved: [{ kind: 'principal', id }] };
    }),
  );
}

type Presented = { readonly email: Email; readonly old: Sensitive; readonly known: string | undefined };

async function refuseWrong(deps: Deps, caller: Caller, { email, old, known }: Presented): Promise<void> {
  const attempt = deps.attempts.begin(caller.origin.address, accountOf(caller.tenant, email), deps.clock.now());
  const isRight = await isPassword(old, known).catch((outage: unknown) => {
    attempt.takeBack();
    throw outage;
  });
  if (isRight && email === caller.principal.name) return attempt.takeBack();
  await recordDenial(deps, caller, { action: 'user:ChangePassword', resource: `user/${caller.principal.id}` });
  throw new Refusal('forbidden', 'The old password is wrong, or the loginId is not your own.', { isExact: true });
}
