import type { Brand } from './brand.ts';
import type { Id } from './id.ts';
import { Refusal } from './refusal.ts';

export type TenantId = Id<'Tenant'>;
export type TenantName = Brand<string, 'TenantName'>;

/** The outermost boundary of data. Its id leads every key; its name is what people and references say. */
export type Tenant = { readonly id: TenantId; readonly name: TenantName };

const TENANT_NAME = /^[a-z][a-z0-9-]{1,13}[a-z0-9]$/;

export function parseTenantName(input: string): TenantName {
  if (!TENANT_NAME.test(input)) {
    throw new Refusal(
      'invalid_request',
      'A tenant name has 3 to 15 lower-case letters, digits and dashes, starts with a letter and does not end in a dash.',
    );
  }
  return input as TenantName;
}
