import type { Claims } from '#crypto/jwt.ts';
import type { Instant } from '#domain/instant.ts';
import type { Principal } from '#domain/principal.ts';
import type { Tenant } from '#domain/tenant.ts';
import type { TokenId } from '#domain/token.ts';

/** 2999-12-31: what never ends says so too, because the public command line refuses a token without `exp`. */
export const NEVER_SECONDS = 32_503_593_600;

type Signed = {
  readonly id: TokenId;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | undefined;
  /** Kept nowhere. All else that it says stands in rows, and the signature follows from it: without this, whoever has keys and rows has the token. */
  readonly unguessable: string;
};

/**
 * What a JWT says, in the words that public clients read (contract 8.2). `serviceaccount`, although it speaks for a
 * user: the command line would try to refresh any other two minutes before its end, and drop it.
 */
export const claimsOf = (
  issuer: string,
  { tenant, principal }: { readonly tenant: Tenant; readonly principal: Principal },
  { id, createdAt, expiresAt, unguessable }: Signed,
): Claims => ({
  iss: issuer,
  aud: issuer,
  sub: principal.id,
  jti: id,
  rnd: unguessable,
  iat: Math.floor(createdAt / 1000),
  // Whole seconds, rounded down: nobody elsewhere may believe it for longer than we do.
  exp: expiresAt === undefined ? NEVER_SECONDS : Math.floor(expiresAt / 1000),
  tenantName: tenant.name,
  subjectType: 'serviceaccount',
  userType: principal.kind,
  username: principal.name,
  ...(principal.kind === 'user' ? { email: principal.name } : {}),
});
