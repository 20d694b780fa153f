import { createAccount } from '#app/virtual-account/apply.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseVirtualAccountName } from '#domain/virtual-account.ts';
import type { World } from '#support/world.ts';
import { formOf } from '../../authz/matrix.ts';
import { type Said, saidIn } from '../asked.ts';

export const INTROSPECT = '/oauth2/introspect';
export const REVOKE = '/oauth2/revoke';
export const INACTIVE: Said = { status: 200, body: { active: false } };

export const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

/** A user whose token a gateway has. */
export async function introspector(world: World) {
  const caller = await world.user('gateway', 'tenant-member', 'token-introspector');
  return { caller, token: await world.pat(caller, 'first') };
}

/** A virtual account that holds nothing, with its first value. */
export async function accountOf(world: World, name: string) {
  const admin = await world.user(`maker-of-${name}`, 'tenant-admin');
  const { view, value } = await createAccount(world.deps, admin, {
    ...{
      name: parseVirtualAccountName(name),
      expiresAt: undefined,
      format: undefined,
      autoRotate: undefined,
      tags: {},
    },
    ...{ permissions: undefined, team: undefined, mappings: [] },
  });
  return { id: view.account.id, admin, value };
}

/** A gateway’s requests, by its own token. */
export function gateway(world: Pick<World, 'send'>, token: Sensitive) {
  const ask = async (path: string, presented: string, more: object = {}): Promise<Said> =>
    saidIn(await world.send({ method: 'POST', path, token, ...formOf({ token: presented, ...more }) }));
  return {
    introspect: (presented: string, more?: object) => ask(INTROSPECT, presented, more),
    revoke: (presented: string, more?: object) => ask(REVOKE, presented, more),
  };
}
