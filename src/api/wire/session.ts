import type { SESSION_OPERATIONS } from '#contract/wire/session.ts';
import type { Handlers } from '../handler.ts';
import { subjectOf } from './subject.ts';

/** Where model calls go; a path of this very host. */
const LLM_GATEWAY_URL = '/api/llm';

export const sessionHandlers: Handlers<typeof SESSION_OPERATIONS> = {
  wireGetSession: async (_api, { principal, tenant, credential }) => ({
    user: {
      id: principal.id,
      email: principal.kind === 'user' ? principal.name : null,
      tenantName: tenant.name,
      subjectSlug: principal.name,
      subject: subjectOf(principal, credential.kind === 'token' ? credential.name : undefined),
      metadata: {},
    },
    tenantInfo: { tenantName: tenant.name },
    env: { TENANT_NAME: tenant.name, LLM_GATEWAY_URL },
  }),
};
