import type { Caller } from '#domain/caller.ts';
import type { PatId, PatView, TokenName } from '#domain/token.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { nameTaken } from './create.ts';

/** Its values stay as they are; what was revoked keeps the name that it had. */
export function renamePat(deps: Deps, caller: Caller, id: PatId, name: TokenName): Promise<PatView> {
  const { tenant, principal } = caller;
  const standing = async (pats: Pick<Deps['store']['pats'], 'get'>) => {
    const pat = await pats.get(tenant.id, principal.id, id);
    return pat?.ended === undefined ? pat : undefined;
  };
  const what = {
    action: 'personal-access-token:Rename',
    resource: `personal-access-token/${id}`,
    locate: () => standing(deps.store.pats),
  } as const;
  return untilNotOvertaken(() =>
    change(deps, caller, what, async (tx) => {
      const former = await standing(tx.pats);
      if (former === undefined) throw new Overtaken();
      if (!(await tx.pats.rename(tenant.id, principal.id, id, name, deps.clock.now()))) throw nameTaken();
      const view = (await tx.pats.view(tenant.id, principal.id, id)) as PatView; // it has just been written
      return { result: view, details: { name, formerName: former.name }, moved: [{ kind: 'pat', id }] };
    }),
  );
}
