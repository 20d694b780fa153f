import { isSame } from '#crypto/opaque.ts';
import type { Caller } from '#domain/caller.ts';
import type { Principal } from '#domain/principal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { Ended } from '#domain/token.ts';
import type { Moved } from '#ports/changes.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change, view } from '../doors.ts';
import { endOne } from '../virtual-account/end-value.ts';
import { type KnownToken, presentedToken } from './presented.ts';

/** Whose it is, and which. */
type Held = { readonly principal: Principal; readonly credential: KnownToken['credential'] };
type Act = { readonly action: 'token:RevokeItself' | 'token:RevokePresented'; readonly held: Held };

/**
 * Ends a token that somebody presents: with the very token that is to end, or with the right to. What is not there, or is
 * another tenant's, is as over as what was ended before; whoever may not is told so without a look at it.
 */
export async function revokePresented(
  deps: Deps,
  caller: Caller,
  token: Sensitive,
  presentedBy: Sensitive,
): Promise<void> {
  const act = (isSame(token, presentedBy) && itself(caller)) || (await presented(deps, caller, token));
  if (act !== undefined) await end(deps, caller, act);
}

/** Undefined where it is not ours to end. */
const itself = ({ principal, credential }: Caller): Act | undefined =>
  credential.kind === 'token' ? { action: 'token:RevokeItself', held: { principal, credential } } : undefined;

async function presented(deps: Deps, caller: Caller, token: Sensitive): Promise<Act | undefined> {
  const what = { action: 'token:RevokePresented', collection: 'token/' } as const;
  const held = await view(deps, caller, what, () => presentedToken(deps, caller, token));
  return held && { action: what.action, held };
}

function end(deps: Deps, caller: Caller, { action, held }: Act): Promise<void> {
  const { tenant } = caller;
  const kind = held.principal.kind === 'virtual_account' ? 'va' : 'pat';
  const resource =
    kind === 'va' ? `virtual-account/${held.principal.id}` : `personal-access-token/${held.credential.pat}`;
  const ended: Ended = { at: deps.clock.now(), by: caller.principal.id, reason: 'deleted' };
  return change(deps, caller, { action, resource, locate: async () => held }, async (tx) => {
    const moved = await ENDS[kind](tx, tenant.id, held, ended);
    const { preview, generation } = held.credential;
    return { result: undefined, details: { preview, generation, reason: ended.reason }, moved };
  });
}

type End = (tx: Transaction, tenant: TenantId, held: Held, ended: Ended) => Promise<readonly Moved[]>;

const ENDS: Readonly<Record<'pat' | 'va', End>> = {
  /** All its values: what is left of a token that got out is no use to its owner, who makes another. */
  async pat(tx, tenant, { principal, credential: { pat } }, ended) {
    await tx.pats.revoke(tenant, principal.id, pat, ended); // false where it was long over, and is removed
    return [{ kind: 'pat', id: pat }];
  },
  /** This value alone: the program may hold the next one already. */
  async va(tx, tenant, { principal, credential: { id } }, ended) {
    await tx.tenants.hold(tenant);
    await tx.principals.hold(tenant, principal.id);
    const held = await tx.virtualAccounts.get(tenant, principal.id);
    if (held !== undefined) await endOne(tx, tenant, { held, token: id, ended }); // else the account is gone, and all with it
    return [{ kind: 'token', id }];
  },
};
