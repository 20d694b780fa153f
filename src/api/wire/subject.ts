import type * as z from 'zod';
import type { subject } from '#contract/wire/subject.ts';
import type { Caller } from '#domain/caller.ts';
import type { Principal, PrincipalKind } from '#domain/principal.ts';

/** What the wire calls a kind of principal. */
const SUBJECT_TYPES = {
  user: 'user',
  virtual_account: 'serviceaccount',
  setup: 'serviceaccount',
  operator: 'serviceaccount',
  anonymous: 'serviceaccount',
  retention: 'serviceaccount',
  rotation: 'serviceaccount',
  watch: 'serviceaccount',
} as const satisfies Record<PrincipalKind, string>;

/** By which token of theirs a person acts; the one of a virtual account is itself. */
export const patNameOf = ({ principal, credential }: Pick<Caller, 'principal' | 'credential'>): string | undefined =>
  credential.kind === 'token' && principal.kind === 'user' ? credential.name : undefined;

export const subjectOf = ({ id, kind, name }: Principal, patName?: string): z.output<typeof subject> => ({
  subjectId: id,
  subjectType: SUBJECT_TYPES[kind],
  subjectSlug: name,
  subjectDisplayName: name,
  ...(patName === undefined ? {} : { subjectPatName: patName }),
});
