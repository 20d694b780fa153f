import type { Caller } from '#domain/caller.ts';
import type { PrincipalId } from '#domain/principal.ts';
import type { Deps } from '../deps.ts';
import { putMappings } from '../identity-provider/mapping.ts';
import { movedWith } from './owner.ts';
import { changeAccount } from './upon.ts';

/** For good, with all that it holds and every value; its name is free for another, which inherits nothing. */
export function removeAccount(deps: Deps, caller: Caller, id: PrincipalId): Promise<void> {
  const tenant = caller.tenant.id;
  return changeAccount(deps, caller, { verb: 'Delete', id }, async (tx, { pat, team }) => {
    const at = deps.clock.now();
    const grants = [
      ...(await tx.grants.ofSubjects(tenant, [id])),
      ...(await tx.grants.onResource(tenant, `virtual-account/${id}`)),
    ];
    await tx.grants.remove(
      tenant,
      grants.map((grant) => grant.id),
    );
    await tx.pats.revoke(tenant, id, pat, { at, by: caller.principal.id, reason: 'removed' });
    const unmapped = await putMappings(tx, caller, { kind: 'virtual_account', id }, []);
    await tx.virtualAccounts.remove(tenant, id);
    await tx.principals.remove(tenant, id, at);
    return { result: undefined, details: { count: grants.length }, moved: [...movedWith(id, team), ...unmapped] };
  });
}
