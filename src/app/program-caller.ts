import type { Caller, Origin } from '#domain/caller.ts';
import type { Action } from '#domain/permission.ts';
import { type Principal, type ProgramKind, programPrincipal } from '#domain/principal.ts';
import { rightsTo } from '#domain/rights.ts';
import type { Tenant } from '#domain/tenant.ts';

const NO_CREDENTIAL = { kind: 'none', id: undefined } as const;

/** Somebody without a credential, and all that they may do. Stands in the audit as what it is. */
export const callerWithout = (
  tenant: Tenant,
  principal: Principal,
  actions: readonly Action[],
  origin: Origin,
): Caller => ({
  ...{ tenant, principal, origin },
  credential: NO_CREDENTIAL,
  rights: rightsTo(actions),
});

/** Where the program's own acts come from. */
export const originOf = (surface: Origin['surface']): Origin => ({
  surface,
  ...{ address: undefined, userAgent: undefined, requestId: undefined },
});

const SURFACE_OF = {
  setup: 'setup',
  operator: 'operator',
  anonymous: 'setup',
  retention: 'job',
  rotation: 'job',
  watch: 'job',
} as const;

/** There is no system caller by default: each part of the program acts as itself, with the rights of that one act. */
export const programCaller = (
  tenant: Tenant,
  kind: ProgramKind,
  actions: readonly Action[],
  origin = originOf(SURFACE_OF[kind]),
): Caller => callerWithout(tenant, programPrincipal(kind), actions, origin);
