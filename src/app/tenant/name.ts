import { rivalsOf } from '#domain/host.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TenantId, TenantName, TenantOrigin } from '#domain/tenant.ts';
import type { Transaction } from '#ports/store.ts';
import type { Deps } from '../deps.ts';
import { change } from '../doors.ts';
import { programCaller } from '../program-caller.ts';
import { type Home, isOfHome } from './at.ts';
import { actOn, noSuchTenant } from './named.ts';

/** Whether it is to be so from now on, or no longer. */
export type Removing = { readonly removed: boolean };

/** Where people reach a tenant. Nothing that is remembered of a credential rests on it. */
export async function nameOrigin(
  deps: Deps,
  home: Home,
  name: TenantName,
  { origin, removed }: Removing & { readonly origin: TenantOrigin },
): Promise<void> {
  const caller = programCaller(home.tenant, 'operator', ['tenant:NameOrigin']);
  await change(deps, caller, await actOn(deps, 'tenant:NameOrigin', name), async (tx, { id }) => {
    if (!removed) await addOrigin(tx, home, id, origin);
    else if (!(await tx.tenants.removeOrigin(id, origin))) throw notThere(`${origin} is no address of ${name}.`);
    return { result: undefined, details: removed ? { origin, removed } : { origin } };
  }).catch(noSuchTenant(name));
}

/** What a tenant is called besides: references by that name are to it. */
export async function nameAlias(
  deps: Deps,
  home: Home,
  name: TenantName,
  { alias, removed }: Removing & { readonly alias: TenantName },
): Promise<void> {
  const caller = programCaller(home.tenant, 'operator', ['tenant:NameAlias']);
  await change(deps, caller, await actOn(deps, 'tenant:NameAlias', name), async (tx, { id }) => {
    const done = removed ? await tx.tenants.removeAlias(id, alias) : await tx.tenants.addAlias(id, alias);
    if (!done) throw removed ? notThere(`${alias} is no alias of ${name}.`) : aliasTaken(alias);
    return { result: undefined, details: removed ? { alias, removed } : { alias } };
  }).catch(noSuchTenant(name));
}

/** Refuses one by which a request could be for another tenant as well: each address belongs to one. */
export async function addOrigin(tx: Transaction, home: Home, tenant: TenantId, origin: TenantOrigin): Promise<void> {
  if (tenant !== home.tenant.id && isOfHome(home, origin)) throw originTaken(origin);
  if (!(await tx.tenants.addOrigin(tenant, origin))) throw originTaken(origin);
  for (const rival of rivalsOf(origin)) {
    const other = await tx.tenants.byOrigin(rival);
    if (other !== undefined && other.id !== tenant) throw originTaken(origin);
  }
}

const notThere = (words: string): Refusal =>
  new Refusal('conflict', `${words} To see what is there: countersign tenants list`);

const originTaken = (origin: TenantOrigin): Refusal =>
  new Refusal('conflict', `${origin} is another tenant's address already, or could not be told from one of its.`);

const aliasTaken = (alias: TenantName): Refusal =>
  new Refusal('conflict', `${alias} is taken already: a tenant has that name, or another has it as an alias.`);
