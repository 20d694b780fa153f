import { digestsOf } from '#crypto/opaque.ts';
import { askedDigest, openReplay, replayId, sealReplay } from '#crypto/replay.ts';
import type { Act } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { standingOf } from '#domain/verification.ts';
import type { Replay } from '#ports/replays.ts';
import type { Deps } from '../deps.ts';
import { reveal, viewOne } from '../doors.ts';
import { untilNotOvertaken } from '../overtaken.ts';
import type { CreatedPat } from './created.ts';
import type { Issue } from './issue.ts';
import { settingsFor } from './limits.ts';

/** A request that may be sent again: its key, all that it asks, and the credential by which it is sent. */
export type Once = { readonly key: string; readonly request: readonly unknown[]; readonly credential: Sensitive };

/** How long an answer may be asked for again: a lost one is noticed at once. */
const REPLAY_MS_MAX = 10 * 60 * 1000;

type Asked = { readonly act: Act; readonly once: Once | undefined };
type AskedOnce = { readonly act: Act; readonly once: Once };

/**
 * Carries out a request that creates a token, or gives its first answer again. `create` is told how to remember what it
 * makes, in its own transaction: two at the same moment make one token, and both have its value.
 */
export function onceOnly(
  deps: Deps,
  caller: Caller,
  { act, once }: Asked,
  create: (remember: (issue: Issue) => Replay | undefined) => Promise<CreatedPat>,
): Promise<CreatedPat> {
  return untilNotOvertaken(async () => {
    if (once === undefined) return create(() => undefined);
    const id = replayId(askerOf(caller, once).id, once.key);
    const known = await deps.store.replays.get(caller.tenant.id, id, deps.clock.now());
    if (known !== undefined) return again(deps, caller, { act, once }, known);
    return create((issue) => newReplay(deps, caller, once, issue));
  });
}

/** Asked by a credential, since the answer is sealed for it. */
function askerOf({ principal, credential }: Caller, once: Once) {
  if (credential.kind === 'none') throw new Error('whoever sends an Idempotency-Key has shown a credential');
  // Of a provider's words there is no one id; who presents one is somebody.
  const id = credential.kind === 'external' ? principal.id : credential.id;
  return { id, credential: once.credential };
}

function newReplay(deps: Deps, caller: Caller, once: Once, { value, pat }: Issue): Replay {
  const asker = askerOf(caller, once);
  const expiresAt = deps.clock.now() + REPLAY_MS_MAX;
  const place = { tenant: caller.tenant.id, pat: pat.id, replay: replayId(asker.id, once.key), expiresAt };
  const sealed = sealReplay(asker, value, place, deps.random);
  return { id: place.replay, asked: askedDigest(once.request), pat: pat.id, owner: pat.owner, sealed, expiresAt };
}

/** Through the door, rights and entry as the first time; of a value that has ended there is nothing left to give. */
async function again(deps: Deps, caller: Caller, { act, once }: AskedOnce, known: Replay): Promise<CreatedPat> {
  if (known.asked !== askedDigest(once.request)) throw otherRequest();
  await settingsFor(deps, caller, act);
  const { id: tenant } = caller.tenant;
  const locate = () => deps.store.pats.view(tenant, known.owner, known.pat);
  const what = { action: act.action, resource: `personal-access-token/${known.pat}`, locate };
  const view = await viewOne(deps, caller, what);
  const place = { tenant, pat: known.pat, replay: known.id, expiresAt: known.expiresAt };
  const value = openReplay(askerOf(caller, once), known.sealed, place);
  if (!(await isStanding(deps, value))) throw hasEnded();
  return reveal(deps, caller, { ...what, details: { replayed: true } }, async () => ({ view, value }));
}

/** The token may stand while the value does not: newer ones take the place of the oldest. */
async function isStanding({ store, keyring, clock, uses }: Deps, value: Sensitive): Promise<boolean> {
  const known = await store.tokens.byDigest(digestsOf(keyring, value));
  return known !== undefined && standingOf(known, clock.now(), uses.lastOf(known)) === 'live';
}

const otherRequest = (): Refusal =>
  new Refusal('unprocessable', 'This Idempotency-Key was used for another request. Use a new key for each request.');

const hasEnded = (): Refusal =>
  new Refusal(
    'conflict',
    'The token that this request created has expired or been revoked since. Use a new Idempotency-Key.',
  );
