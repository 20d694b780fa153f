import { digestsOf } from '#crypto/opaque.ts';
import { askedDigest, openReplay, replayId, sealReplay } from '#crypto/replay.ts';
import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { standingOf } from '#domain/verification.ts';
import type { Replay } from '#ports/replays.ts';
import type { Deps } from '../deps.ts';
import { reveal } from '../doors.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import type { CreatedPat } from './created.ts';
import type { Issue } from './issue.ts';

/** A request that may be sent again: its key, all that it asks, and the credential by which it is sent. */
export type Once = { readonly key: string; readonly request: readonly unknown[]; readonly credential: Sensitive };
export type NewReplay = Replay;

/** How long an answer may be asked for again: a lost one is noticed at once. */
const REPLAY_MS_MAX = 10 * 60 * 1000;

/**
 * Carries out a request that creates a token, or gives its first answer again. `act` is told how to remember what it
 * makes, in its own transaction: two at the same moment make one token, and both have its value.
 */
export function onceOnly(
  deps: Deps,
  caller: Caller,
  act: Act,
  once: Once | undefined,
  create: (remember: (issue: Issue) => NewReplay | undefined) => Promise<CreatedPat>,
): Promise<CreatedPat> {
  return untilNotOvertaken(async () => {
    if (once === undefined) return create(() => undefined);
    const { id, credential } = askerOf(caller, once);
    const known = await deps.store.replays.get(caller.tenant.id, replayId(id, once.key), deps.clock.now());
    if (known !== undefined) return again(deps, caller, act, known, once);
    return create((issue) => newReplay(deps, caller, { id, credential }, once, issue));
  });
}

/** Asked by a credential, since the answer is sealed for it. */
function askerOf({ credential }: Caller, once: Once) {
  if (credential.kind === 'none') throw new Error('whoever sends an Idempotency-Key has shown a credential');
  return { id: credential.id, credential: once.credential };
}

function newReplay(
  deps: Deps,
  { tenant }: Caller,
  asker: ReturnType<typeof askerOf>,
  { key, request }: Once,
  { value, pat }: Issue,
): NewReplay {
  const id = replayId(asker.id, key);
  const sealed = sealReplay(asker, value, { tenant: tenant.id, pat: pat.id, replay: id }, deps.random);
  const { id: made, owner } = pat;
  return { id, asked: askedDigest(request), pat: made, owner, sealed, expiresAt: deps.clock.now() + REPLAY_MS_MAX };
}

/** Through the door, rights and entry as the first time; of a token that has ended there is nothing left to give. */
async function again(deps: Deps, caller: Caller, { action }: Act, known: Replay, once: Once): Promise<CreatedPat> {
  if (known.asked !== askedDigest(once.request)) throw otherRequest();
  const { tenant } = caller;
  const resource = `personal-access-token/${known.pat}`;
  const locate = () => deps.store.pats.view(tenant.id, known.owner, known.pat);
  return reveal(deps, caller, { action, resource, locate, details: { replayed: true } }, async (view) => {
    if (view.pat.ended !== undefined) throw hasEnded();
    const place = { tenant: tenant.id, pat: known.pat, replay: known.id };
    const value = openReplay(askerOf(caller, once), known.sealed, place);
    if (!(await isStanding(deps, value))) throw hasEnded();
    return { view, value };
  });
}

/** The token may stand while the value does not: newer ones take the place of the oldest. */
async function isStanding({ store, keyring, clock }: Deps, value: Sensitive): Promise<boolean> {
  const known = await store.tokens.byDigest(digestsOf(keyring, value));
  return known !== undefined && standingOf(known, clock.now()) === 'live';
}

const otherRequest = (): Refusal =>
  new Refusal('unprocessable', 'This Idempotency-Key was used for another request. Use a new key for each request.');

const hasEnded = (): Refusal =>
  new Refusal(
    'conflict',
    'The token that this request created has expired or been revoked since. Use a new Idempotency-Key.',
  );
