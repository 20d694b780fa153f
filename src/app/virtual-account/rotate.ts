import type { PrincipalId } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import { graceMsOf, type VirtualAccount } from '#domain/virtual-account.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { Overtaken, untilNotOvertaken } from '../overtaken.ts';
import { programCaller } from '../program-caller.ts';
import { mintFor, replaceValue } from './next-value.ts';
import { heldAccount } from './upon.ts';

type Due = {
  readonly tenant: Tenant;
  readonly id: PrincipalId;
  /** First in the transaction: throws for a process that is not to do it any more. */
  readonly hold: (tx: Transaction) => Promise<void>;
};

/**
 * Gives an account that is due its next value, with the grace that it says. Where another was faster it is not due any
 * more, and nothing happens: the date and the value move together.
 */
export async function rotateAccount(deps: Deps, { tenant, id, hold }: Due): Promise<void> {
  const action = 'virtual-account:Rotate';
  const caller = programCaller(tenant, 'rotation', [action]);
  const what = { action, resource: `virtual-account/${id}` } as const;
  const rotated = untilNotOvertaken(async () => {
    const known = await deps.store.virtualAccounts.get(tenant.id, id);
    if (known === undefined || !isDue(deps, known)) return;
    const prepare = async () => mintFor(deps, caller, known);
    await change(deps, caller, { ...what, locate: async () => known, prepare }, async (tx, _, value) => {
      await hold(tx);
      const held = await heldAccount(tx, caller, what, { id });
      if (held.version !== known.version) throw new Overtaken();
      const graceMs = held.autoRotate === undefined ? 0 : graceMsOf(held.autoRotate); // due ones have it
      const { generation, retired } = await replaceValue(tx, caller, held, value, { now: deps.clock.now(), graceMs });
      const details = { preview: value.token.preview, generation, ...(retired.length > 0 && { superseded: retired }) };
      return { result: undefined, details, moved: retired.map((token) => ({ kind: 'token', id: token }) as const) };
    });
  });
  return rotated;
}

const isDue = ({ clock }: Deps, { rotatesAt, autoRotate }: VirtualAccount): boolean =>
  autoRotate !== undefined && rotatesAt !== undefined && rotatesAt <= clock.now();
