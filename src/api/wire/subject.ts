import type * as z from 'zod';
import type { subject } from '#contract/wire/subject.ts';
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

export const subjectOf = ({ id, kind, name }: Principal, patName?: string): z.output<typeof subject> => ({
  subjectId: id,
  subjectType: SUBJECT_TYPES[kind],
  subjectSlug: name,
  subjectDisplayName: name,
  ...(patName === undefined ? {} : { subjectPatName: patName }),
});
