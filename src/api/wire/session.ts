import { teamsOf } from '#app/user/list.ts';
import type { SESSION_OPERATIONS } from '#contract/wire/session.ts';
import type { Caller } from '#domain/caller.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { Api, Handlers } from '../handler.ts';
import { visited } from '../visited.ts';
import { patNameOf, subjectOf } from './subject.ts';

/** Where model calls go; a path of this very host. */
const LLM_GATEWAY_URL = '/api/llm';

export const sessionHandlers: Handlers<typeof SESSION_OPERATIONS> = {
  wireGetSession: async (_api, { principal, tenant, credential }) => ({
    user: {
      id: principal.id,
      email: principal.kind === 'user' ? principal.name : null,
      tenantName: tenant.name,
      subjectSlug: principal.name,
      subject: subjectOf(principal, patNameOf({ principal, credential })),
      metadata: {},
    },
    tenantInfo: { tenantName: tenant.name },
    env: envOf(tenant),
  }),
  wireGetUserInfo: infoOf,
  wireGetUserInfoX: infoOf,
  wireGetEnv: async (api, visitor) => envOf((await visited(api, visitor)).tenant),
  wireGetFrontEndEnv: async (api, visitor) => envOf((await visited(api, visitor)).tenant),
};

const envOf = ({ name }: Tenant) => ({ TENANT_NAME: name, LLM_GATEWAY_URL });

/** The team `everyone` is the tenant itself, and so has its id; there is one account, the same. */
async function infoOf(api: Api, caller: Caller) {
  const { principal, tenant, credential, rights } = caller;
  const teams = await teamsOf(api, caller, principal.id);
  const {
    subjectId: id,
    subjectType,
    subjectSlug,
    subjectPatName,
  } = subjectOf(principal, patNameOf({ principal, credential }));
  return {
    ...{ id, userName: principal.name, subjectSlug, subjectType, effectiveUserId: id },
    ...(subjectPatName === undefined ? {} : { subjectPatName }),
    ...(principal.kind === 'user' ? { email: principal.name } : {}),
    ...{ tenantName: tenant.name, roles: [...rights.roles] },
    teams: teams.map(({ team: { id, name } }) => ({ id, name })),
    accounts: [{ id: tenant.id, name: tenant.name }],
  };
}
