import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import { type Email, newUser } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Deps } from '../deps.ts';
import { change, made, view } from '../doors.ts';
import { newId } from '../new-id.ts';

export type Registration = { readonly email: Email; readonly skipIfExists: boolean; readonly dryRun: boolean };

/** Makes a user who can do what members can, once they have accepted an invitation. */
export async function registerUser(deps: Deps, caller: Caller, wanted: Registration): Promise<void> {
  return wanted.dryRun ? wouldRegister(deps, caller, wanted) : register(deps, caller, wanted);
}

function register(deps: Deps, caller: Caller, { email, skipIfExists }: Registration): Promise<void> {
  const { tenant } = caller;
  const user = newUser(newId(deps), email, deps.clock.now());
  const grant = newId<'Grant'>(deps);
  const what = { action: 'user:ManageUsers', resource: 'user/', locate: made } as const;
  return change(deps, caller, what, async (tx) => {
    if (await tx.principals.insert(tenant.id, user)) {
      await tx.grants.add(tenant.id, onTenant(grant, user.id, 'tenant-member'));
      return { result: undefined, resource: `user/${user.id}` };
    }
    if (!skipIfExists) throw exists();
    const known = await tx.principals.userByEmail(tenant.id, email);
    return { result: undefined, resource: `user/${known?.id ?? ''}` };
  });
}

/** Refuses what registering would refuse, and changes nothing. */
const wouldRegister = (deps: Deps, caller: Caller, { email, skipIfExists }: Registration): Promise<void> =>
  view(deps, caller, { action: 'user:ManageUsers', collection: 'user/' }, async () => {
    const known = await deps.store.principals.userByEmail(caller.tenant.id, email);
    if (known !== undefined && !skipIfExists) throw exists();
  });

const exists = (): Refusal => new Refusal('conflict', 'A user with this e-mail address exists already.');
