import * as z from 'zod';

/* What is asked about a token that somebody presented, and what is answered (RFC 7662, RFC 7009). */

/** Longer ones are none of ours; a form may be written in more bytes than it says. */
const TOKEN_CHARS_MAX = 4_096;

/** What is not named here is ignored, as the RFCs have it; what is named twice is refused. */
export const PRESENTED = z.object({
  token: z.string().min(1).max(TOKEN_CHARS_MAX),
  /** Ours say by themselves what they are. */
  token_type_hint: z.string().optional(),
});

/** Seconds since 1970. */
const seconds = z.int();

/** Where it is not `active` there is nothing else, whatever the reason. */
export const INTROSPECTION = z.strictObject({
  active: z.boolean(),
  token_type: z.literal('Bearer').optional(),
  /** The principal's id. */
  sub: z.string().optional(),
  /** A user's e-mail address, a virtual account's name. */
  username: z.string().optional(),
  /** Of a virtual account, which is its own client; the same as `sub`. */
  client_id: z.string().optional(),
  iss: z.string().optional(),
  aud: z.string().optional(),
  /** The id of this value, under which the audit has it. */
  jti: z.string().optional(),
  iat: seconds.optional(),
  /** 2999-12-31 for one that never expires, as in a JWT. */
  exp: seconds.optional(),
  tenantName: z.string().optional(),
  subjectType: z.enum(['user', 'virtualaccount']).optional(),
  kind: z.enum(['pat', 'va']).optional(),
});
export type Introspection = z.output<typeof INTROSPECTION>;

/** Valid JSON, since public clients parse every answer. */
export const REVOKED = z.strictObject({});
