import { newId } from '#app/new-id.ts';
import { createTenant } from '#app/tenant/create.ts';
import { createPat } from '#app/token/create.ts';
import { hashPassword } from '#crypto/password.ts';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import { parsePassword } from '#domain/password.ts';
import { newUser, parseEmail } from '#domain/principal.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { builtIn } from '#domain/role.ts';
import { parseTenantName, parseTenantOrigin } from '#domain/tenant.ts';
import { parseTokenName } from '#domain/token.ts';
import { ORIGIN } from '#support/core.ts';
import { openWorld } from '#support/world.ts';
import { FROM_HERE } from '../provoked.ts';

export const ACME = 'https://acme.example';
export const AT_ACME = { host: 'acme.example' } as const;
export const PASSWORDS = { default: 'correct horse battery staple', acme: 'another horse of another colour' } as const;

/** The world's own tenant and acme, at an address of its own, with somebody of the same e-mail address in both. */
export async function twoTenants() {
  const world = await openWorld();
  const home = { tenant: world.tenant, origin: world.origin };
  const wanted = { name: parseTenantName('acme'), origins: [parseTenantOrigin(ACME)] };
  const acme = await createTenant(world.deps, home, wanted);
  const tenants = { default: world.tenant, acme } as const;
  const ids = {
    default: await administrator('default'),
    acme: await administrator('acme'),
  } as const;

  async function administrator(of: keyof typeof tenants) {
    const { deps } = world;
    const user = newUser(newId(deps), parseEmail('ann@example.com'), deps.clock.now());
    const hash = await hashPassword(parsePassword(PASSWORDS[of]), deps.random);
    await deps.store.transact(async (tx) => {
      await tx.principals.insert(tenants[of].id, user);
      await tx.grants.add(tenants[of].id, onTenant(newId(deps), user.id, 'tenant-admin'));
      await tx.principals.setPassword(tenants[of].id, user.id, hash, user.createdAt);
    });
    return user.id;
  }
  /** By the form of our pages, under this host; the cookie where it let somebody in. */
  async function signIn(password: string, headers: { readonly host?: string } = {}) {
    const body = JSON.stringify({ email: 'ann@example.com', password });
    const answer = await world.send({
      ...{ method: 'POST', path: '/auth/sign-in', body },
      headers: { ...FROM_HERE, ...headers },
    });
    const [cookie = ''] = String(answer.headers['set-cookie'] ?? '').split(';');
    return { ...answer, cookie };
  }
  /** What a page of ours sends for whoever is signed in. */
  const whoami = async (cookie: string, headers: { readonly host?: string } = {}) => {
    const sent = { ...headers, cookie, 'sec-fetch-site': 'same-origin' };
    const { status, text } = await world.send({ method: 'GET', path: '/api/v1/whoami', headers: sent });
    return { status, tenant: JSON.parse(text).tenant, principal: JSON.parse(text).principal };
  };
  /** As somebody who has proved who they are. */
  const annOfAcme = (): Caller => ({
    ...{ tenant: acme, principal: { id: ids.acme, kind: 'user', name: parseEmail('ann@example.com') } },
    credential: { kind: 'none', id: undefined },
    rights: compile(tenantWide(builtIn('tenant-admin'))),
    origin: ORIGIN,
  });
  const tokenOfAcme = async () =>
    (await createPat(world.deps, annOfAcme(), { name: parseTokenName('first'), expiresAt: undefined })).value;
  return { ...world, home, acme, ids, signIn, whoami, tokenOfAcme };
}
export type TwoTenants = Awaited<ReturnType<typeof twoTenants>>;
