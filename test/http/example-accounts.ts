import { newId } from '#app/new-id.ts';
import { addValue } from '#app/token/issue.ts';
import { accountFor } from '#app/virtual-account/add.ts';
import { keepValue, mintFor } from '#app/virtual-account/next-value.ts';
import { NO_GRANTS } from '#app/virtual-account/permissions.ts';
import { principalOf } from '#app/virtual-account/upon.ts';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import { parseId } from '#domain/id.ts';
import { type IdentityProviderId, parseProvider } from '#domain/identity-provider.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseVirtualAccountName } from '#domain/virtual-account.ts';
import type { World } from '#support/world.ts';

type Example = { readonly name: string; readonly id: string; readonly isMapped?: true };

const GATEWAY = { name: 'ci-gateway', id: 'v8n3b7m2k9j4h1g6f5d0s8a1' };
/** Examples in which there is a virtual account already, by their lines. */
export const ACCOUNTS_IN: Readonly<Record<number, Example>> = {
  ...{ 21: GATEWAY, 22: GATEWAY, 23: GATEWAY, 30: GATEWAY, 92: GATEWAY },
  24: { name: 'gateway-service', id: 'w9n3b7m2k9j4h1g6f5d0s8a2', isMapped: true },
  77: { ...GATEWAY, name: 'ci-bot' },
  94: { name: 'ci-bot', id: 'x8n3b7m2k9j4h1g6f5d0s8a3' },
};

const NOTHING = { expiresAt: undefined, format: undefined, autoRotate: undefined, tags: {}, mappings: [] };
const LASTING = { expiresAt: undefined, ended: undefined, team: undefined, kind: 'va' } as const;

/** With one role, and a value that can be read again. */
export async function virtualAccountIn(
  world: World,
  maker: Caller,
  { name, id, isMapped }: Example,
): Promise<Sensitive> {
  const { deps, tenant } = world;
  const wanted = { name: parseVirtualAccountName(name), permissions: undefined, team: undefined, ...NOTHING };
  const blank = accountFor(deps, maker, wanted, { owner: undefined, grants: NO_GRANTS, mappings: [] });
  const own = { ...blank, id: parseId<'Principal'>(id) };
  const value = await mintFor(deps, maker, own);
  const account = { ...own, current: value.token.id };
  const { createdAt, updatedAt, createdBy, pat } = account;
  const record = { ...principalOf(account), active: true, createdAt, updatedAt, removedAt: undefined };
  const token = { id: pat, owner: account.id, name: account.name, createdBy, createdAt, updatedAt, ...LASTING };
  await deps.store.transact(async (tx) => {
    await tx.principals.insert(tenant.id, record);
    await tx.pats.insert(tenant.id, token);
    await addValue(tx, tenant.id, value);
    await tx.virtualAccounts.insert(tenant.id, account);
    await keepValue(tx, tenant.id, account.id, value);
    await tx.grants.add(tenant.id, onTenant(parseId(id.replace(/^./, 'g')), account.id, 'metrics-reader'));
  });
  if (isMapped) await mapped(world, maker, account.id);
  return value.value;
}

async function mapped({ deps, tenant }: World, { principal }: Caller, account: Caller['principal']['id']) {
  const keys = { issuer: 'https://idp.example', jwksUri: 'https://idp.example/keys', audiences: ['countersign'] };
  const now = deps.clock.now();
  const made = { createdBy: principal.id, createdAt: now, updatedAt: now };
  const provider = newId<'IdentityProvider'>(deps) satisfies IdentityProviderId;
  const definition = parseProvider({ name: 'okta-main', ...keys });
  await deps.store.transact(async (tx) => {
    await tx.identityProviders.insert(tenant.id, { ...definition, id: provider, ...made });
    const mapping = { provider, value: 'gateway-service' };
    await tx.identityProviders.setMappings(tenant.id, { kind: 'virtual_account', id: account }, [mapping]);
  });
}
