import type { Brand } from './brand.ts';
import type { Id } from './id.ts';
import type { Instant } from './instant.ts';
import { Refusal } from './refusal.ts';

export type TenantId = Id<'Tenant'>;
export type TenantName = Brand<string, 'TenantName'>;

/** The outermost boundary of data. Its id leads every key; its name is what people and references say. */
export type Tenant = { readonly id: TenantId; readonly name: TenantName };

/** As its operator sees it. */
export type TenantRecord = Tenant & {
  /** Nobody of it is let in from then on; everything stays, and it can be enabled again. */
  readonly disabledAt: Instant | undefined;
};

/** Scheme, host and port under which people of a tenant reach it: `https://tokens.example.com`. */
export type TenantOrigin = Brand<string, 'TenantOrigin'>;

export function parseTenantOrigin(input: string): TenantOrigin {
  const url = URL.parse(input.trim());
  if (url === null || !/^https?:$/.test(url.protocol) || `${url.origin}/` !== url.href) {
    throw new Refusal(
      'invalid_request',
      'An origin has the form https://HOST or https://HOST:PORT, and nothing after it.',
    );
  }
  return url.origin as TenantOrigin;
}

export const TENANT_NAME = /^[a-z][a-z0-9-]{1,13}[a-z0-9]$/;

export function parseTenantName(input: string): TenantName {
  if (!TENANT_NAME.test(input)) {
    throw new Refusal(
      'invalid_request',
      'A tenant name has 3 to 15 lower-case letters, digits and dashes, starts with a letter and does not end in a dash.',
    );
  }
  return input as TenantName;
}
