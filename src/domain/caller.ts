import type { ExternalIdentity } from './external-identity.ts';
import type { Id } from './id.ts';
import type { IdentityProviderId, IdentityProviderName } from './identity-provider.ts';
import type { Instant } from './instant.ts';
import type { Principal } from './principal.ts';
import type { Rights } from './rights.ts';
import type { SessionId } from './session.ts';
import type { Tenant } from './tenant.ts';
import type { PatId, TokenId, TokenName } from './token.ts';

/** Which way in. `introspection`: presented to somebody's gateway, which asked; `forward-auth`: the same, asked by the token itself. */
export type Surface = 'rest' | 'browser' | 'operator' | 'setup' | 'job' | 'introspection' | 'forward-auth';

/** Where a request came from. Addresses and user agents are personal data: the audit keeps them where they can be erased. */
export type Origin = {
  readonly surface: Surface;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestId: string | undefined;
};

export type Credential =
  | {
      readonly kind: 'token';
      readonly id: TokenId;
      readonly pat: PatId;
      readonly generation: number;
      readonly name: TokenName;
      readonly preview: string;
      readonly expiresAt: Instant | undefined;
    }
  | {
      /** The word of an identity provider. */
      readonly kind: 'external';
      readonly id: IdentityProviderId;
      readonly name: IdentityProviderName;
      /** When what it may say was last changed: what was believed before is looked at anew. */
      readonly asOf: Instant;
      readonly identity: ExternalIdentity;
      readonly expiresAt: Instant;
    }
  | { readonly kind: 'session'; readonly id: SessionId; readonly expiresAt: Instant }
  | { readonly kind: 'none'; readonly id: undefined };
export type CredentialId = Id<'Token'> | Id<'Session'> | IdentityProviderId;

/** Who has no credential yet, at an address that is somebody's: host and port as they were asked for, if at all. */
export type Visitor = { readonly host: string | undefined };

/** Who asks, by which credential, with which rights, from where. First after `deps` in every use case. */
export type Caller = {
  readonly tenant: Tenant;
  readonly principal: Principal;
  readonly credential: Credential;
  readonly rights: Rights;
  readonly origin: Origin;
};
