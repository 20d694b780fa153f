import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Deps } from '../deps.ts';
import { recordDenial } from '../doors.ts';

/** Whoever asks for a value again is denied, on the record: it is kept nowhere. The seed's words. */
export async function refuseValue(deps: Deps, caller: Caller): Promise<Refusal> {
  await recordDenial(deps, caller, { action: 'personal-access-token:List', resource: 'personal-access-token/' });
  return new Refusal(
    'forbidden',
    'Token values are only shown at creation time. If lost, delete the old token and create a new one, then update all ' +
      'services that used the old token.',
    { isExact: true },
  );
}
