import type { CALLER_OPERATIONS } from '#contract/own/caller.ts';
import { wireDate } from '#contract/wire/date.ts';
import type { Caller, Credential } from '#domain/caller.ts';
import type { Handlers } from '../handler.ts';

export const callerHandlers: Handlers<typeof CALLER_OPERATIONS> = {
  ownWhoami: async ({ site }, { principal, tenant, rights, credential, origin }: Caller) => ({
    principal: { id: principal.id, kind: principal.kind, name: principal.name },
    tenant: { id: tenant.id, name: tenant.name },
    rights: { roles: [...rights.roles], actions: [...rights.listed] },
    credential: shown(credential),
    surface: origin.surface,
    server: { version: site.version },
  }),
};

/** By what other operations know it. */
function named(credential: Exclude<Credential, { readonly kind: 'none' }>) {
  if (credential.kind === 'session') return { id: credential.id };
  const { id, name } = credential;
  return credential.kind === 'external'
    ? { id, name }
    : { id: credential.pat, valueId: id, name, preview: credential.preview };
}

function shown(credential: Credential) {
  if (credential.kind === 'none') throw new Error('whoever has no credential is no caller of this operation');
  const { kind, expiresAt } = credential;
  return { kind, ...named(credential), expiresAt: expiresAt === undefined ? null : wireDate(expiresAt) };
}
