import type { Keyring } from '#crypto/keyring.ts';
import type { Counts } from '#domain/counts.ts';
import type { Clock, Random } from '#ports/chance-and-time.ts';
import type { KeyWrapper } from '#ports/key-wrapper.ts';
import type { Node } from '#ports/nodes.ts';
import type { Step } from '#ports/step.ts';
import type { Store } from '#ports/store.ts';
import type { Denials } from './audit/denials.ts';
import type { KeySets } from './identity-provider/key-sets.ts';
import type { Attempts } from './session/attempts.ts';
import type { Feed } from './token/feed.ts';
import type { Strangers } from './token/strangers.ts';
import type { Uses } from './token/uses.ts';
import type { VerifiedCredentials } from './token/verified-credentials.ts';

/** What the core is given by main; the first argument of every use case. */
export type Deps = {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly wrapper: KeyWrapper;
  readonly clock: Clock;
  readonly random: Random;
  readonly verified: VerifiedCredentials;
  readonly feed: Feed;
  /** This process, as others that share the database know it. */
  readonly node: Pick<Node, 'id' | 'name'>;
  readonly uses: Uses;
  readonly denials: Denials;
  readonly attempts: Attempts;
  readonly strangers: Strangers;
  /** The keys of identity providers. */
  readonly keySets: KeySets;
  readonly counts: Counts;
  /** Who issues tokens, as others are told: scheme and host of this server. */
  readonly issuer: () => string;
  readonly step: Step;
};
