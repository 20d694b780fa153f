import type { Brand } from './brand.ts';
import type { Id } from './id.ts';
import type { Instant } from './instant.ts';
import type { PrincipalId } from './principal.ts';
import { Refusal } from './refusal.ts';

export type RoleBindingId = Id<'RoleBinding'>;
export type RoleBindingName = Brand<string, 'RoleBindingName'>;

/** Grants under one name: each of its subjects holds each of its roles. They come and go with it. */
export type RoleBinding = {
  readonly id: RoleBindingId;
  readonly name: RoleBindingName;
  readonly createdBy: PrincipalId;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};

export const ROLE_BINDING_NAME = /^[a-z][a-z0-9-]{1,64}[a-z0-9]$/;

export function parseRoleBindingName(input: string): RoleBindingName {
  if (!ROLE_BINDING_NAME.test(input)) {
    throw new Refusal(
      'unprocessable',
      'A role binding name has 3 to 66 lower-case letters, digits and dashes, starts with a letter and does not end in a dash.',
      { problems: [{ field: 'name', problem: `must match ${ROLE_BINDING_NAME.source}` }] },
    );
  }
  return input as RoleBindingName;
}
