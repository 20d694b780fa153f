import type { Operation } from '#contract/operation.ts';
import { OPERATIONS, type OperationId } from '#contract/operations.ts';

export const row = (id: OperationId): Operation => OPERATIONS[id];

/** What stands in a body and must. */
export function required({ input: { body } }: Operation): readonly string[] {
  return Object.entries(body?.shape ?? {}).flatMap(([name, field]) => (field.safeParse(undefined).success ? [] : name));
}

/** Of bodies that are a manifest, or hold it: none of these must be there, but together they must. */
export const MANIFEST_FIELDS: Readonly<Partial<Record<OperationId, readonly string[]>>> = {
  wirePutRole: ['name', 'resourceType', 'permissions'],
  wireRegenerateAccountToken: ['gracePeriodInMinutes'], // or the other
  wirePutRoleBinding: ['name', 'subjects', 'permissions'],
};

/** For entrances that are not to be passed. */
export const NO_KEYS = { email: '', password: '', code: '' };
