import { demand } from '#app/access/demand.ts';
import type { Caller } from '#domain/caller.ts';
import { PERMISSIONS, type Permission } from '#domain/permission.ts';
import { Refusal } from '#domain/refusal.ts';
import { builtIn } from '#domain/role.ts';
import { notAuthenticated } from '#domain/verification.ts';
import type { Api } from './handler.ts';

/** Whose request somebody's gateway may let through, as the headers that it hands on. Names are the public product's, where it has one. */
export type ForwardId = 'forwardAuth' | 'forwardAuthTenantAdmin';
export type Forwarded = Readonly<Record<string, string>>;

const BESIDES: Readonly<Record<ForwardId, readonly Permission[]>> = {
  forwardAuth: [],
  forwardAuthTenantAdmin: builtIn('tenant-admin').permissions,
};

/** What a gateway demands besides; nobody has looked at it yet. */
export type Demands = { readonly permissions: readonly string[]; readonly tenants: readonly string[] };

/** To a gateway of one tenant, whoever is of another is as unknown as nobody. */
export async function forward(api: Api, id: ForwardId, caller: Caller, demands: Demands): Promise<Forwarded> {
  const permissions = demands.permissions.map(permission);
  if (demands.tenants.some((name) => name !== caller.tenant.name)) throw notAuthenticated();
  await demand(api, caller, [...permissions, ...BESIDES[id]]);
  return headersOf(caller);
}

function permission(text: string): Permission {
  const found = PERMISSIONS.find((one) => one === text);
  if (found !== undefined) return found;
  throw new Refusal('invalid_request', 'require names a permission, as GET /role/actions lists them.', {
    problems: [{ field: 'require', problem: 'must be a permission' }],
  });
}

/** All of them always, empty where there is nothing to say: a gateway that sets what it gets leaves nothing of a client's own. */
function headersOf({ tenant, principal }: Caller): Forwarded {
  const isUser = principal.kind === 'user';
  return {
    'x-forwarded-user': printable(principal.name),
    'x-forwarded-email': isUser ? printable(principal.name) : '',
    'x-tenant-name': printable(tenant.name),
    'x-auth-subject-type': isUser ? 'user' : 'virtualaccount',
    'x-auth-subject-id': principal.id,
  };
}

/** Of an address (RFC 5322's atext), but for the sign that escapes begin with: so two names are never one. */
const UNSAFE = /[^A-Za-z0-9!#$&'*+\-/=?^_`{|}~.@]/gu;

/** Header values are ASCII, and some characters end or divide them. What is none of an address's own is percent-encoded. */
const printable = (text: string): string =>
  text.replace(UNSAFE, (one) =>
    [...Buffer.from(one)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  );
