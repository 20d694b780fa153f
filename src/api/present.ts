import { NEVER_SECONDS } from '#app/token/claims.ts';
import { introspect } from '#app/token/introspect.ts';
import type { KnownToken } from '#app/token/presented.ts';
import { revokePresented } from '#app/token/revoke-presented.ts';
import { ENTRANCES } from '#contract/entrances.ts';
import type { Introspection } from '#contract/presented.ts';
import type { Caller } from '#domain/caller.ts';
import { Sensitive } from '#domain/sensitive.ts';
import type { Api } from './handler.ts';
import { parsedInput } from './input.ts';

/** What others do with a token that was presented to them. */
export type PresentId = 'introspect' | 'revoke';

type Asking = { readonly caller: Caller; readonly presentedBy: Sensitive };
type Handlers = { readonly [Id in PresentId]: (api: Api, token: Sensitive, asking: Asking) => Promise<object> };

const HANDLERS: Handlers = {
  introspect: async (api, token, { caller }) => {
    const known = await introspect(api, caller, token);
    return known === undefined ? INACTIVE : saidOf(known, api.issuer());
  },
  revoke: async (api, token, { caller, presentedBy }) => {
    await revokePresented(api, caller, token, presentedBy);
    return {};
  },
};

const INACTIVE: Introspection = { active: false };

/** Carries out one of the two on a form that nobody has looked at yet. */
export async function present(api: Api, id: PresentId, form: object, asking: Asking): Promise<object> {
  const { token } = parsedInput({ body: ENTRANCES[id].form }, { body: form }, 'own') as { readonly token: string };
  return HANDLERS[id](api, new Sensitive(token), asking);
}

/** As its claims say it where it is a JWT (RFC 9068), and so that nobody elsewhere believes it for longer than we do. */
function saidOf({ principal, tenant, credential, issuedAt, expiresAt }: KnownToken, issuer: string): Introspection {
  const isAccount = principal.kind === 'virtual_account';
  return {
    active: true,
    token_type: 'Bearer',
    sub: principal.id,
    username: principal.name,
    client_id: isAccount ? principal.id : undefined, // left out, as JSON does
    iss: issuer,
    aud: issuer,
    jti: credential.id,
    iat: issuedAt === undefined ? undefined : Math.floor(issuedAt / 1000),
    exp: expiresAt === undefined ? NEVER_SECONDS : Math.floor(expiresAt / 1000),
    tenantName: tenant.name,
    subjectType: isAccount ? 'virtualaccount' : 'user',
    kind: isAccount ? 'va' : 'pat',
  };
}
