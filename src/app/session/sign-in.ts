import { isPassword } from '#crypto/password.ts';
import type { Origin } from '#domain/caller.ts';
import { type Email, type PrincipalRecord, programPrincipal } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Deps } from '../deps.ts';
import { change, made, recordDenial } from '../doors.ts';
import { callerWithout, programCaller } from '../program-caller.ts';
import { accountOf } from './attempts.ts';
import { newSession, type SignedIn } from './issue.ts';

type Presented = { readonly email: Email; readonly password: Sensitive };

/**
 * A session for whoever knows the password. An unknown address, a wrong password and a deactivated user are one answer,
 * by the same statements and the same work; each costs the address it came from an attempt.
 */
export async function signIn(deps: Deps, tenant: Tenant, presented: Presented, origin: Origin): Promise<SignedIn> {
  const attempt = deps.attempts.begin(origin.address, accountOf(tenant, presented.email), deps.clock.now());
  const { user, hash, right } = await checked(deps, tenant, presented).catch((outage: unknown) => {
    attempt.takeBack();
    throw outage;
  });
  if (user === undefined || !right || !user.active) throw await wrong(deps, tenant, user, origin);
  attempt.takeBack();
  const signedIn = newSession(deps, user.id);
  const what = { action: 'session:Create', resource: `session/${signedIn.session.id}`, locate: made } as const;
  return change(deps, callerWithout(tenant, user, ['session:Create'], origin), what, async (tx) => {
    // A password may have been replaced, or a user deactivated, while this one was being checked.
    const now = await tx.principals.get(tenant.id, user.id);
    if (now?.active !== true || (await tx.principals.passwordOf(tenant.id, user.id)) !== hash) throw notRight();
    await tx.sessions.insert(tenant.id, signedIn.session, signedIn.digest);
    return { result: signedIn };
  }).catch(async (error: unknown) => {
    const lost = error instanceof Refusal && error.code === 'unauthenticated';
    throw lost ? await wrong(deps, tenant, user, origin) : error;
  });
}

async function checked(deps: Deps, tenant: Tenant, { email, password }: Presented) {
  const user = await deps.store.principals.userByEmail(tenant.id, email);
  const hash = await deps.store.principals.passwordOf(tenant.id, user?.id ?? programPrincipal('anonymous').id);
  return { user, hash, right: await isPassword(password, hash) };
}

/** The entry says whose account it was, the answer does not. */
async function wrong(deps: Deps, tenant: Tenant, user: PrincipalRecord | undefined, origin: Origin): Promise<Refusal> {
  const act = { action: 'session:Create', resource: `user/${user?.id ?? ''}` } as const;
  await recordDenial(deps, programCaller(tenant, 'anonymous', [], origin), act);
  return notRight();
}

const notRight = (): Refusal => new Refusal('unauthenticated', 'The e-mail address or the password is wrong.');
