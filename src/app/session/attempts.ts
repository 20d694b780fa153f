import type { Instant } from '#domain/instant.ts';
import { placeOf } from '#domain/place.ts';
import type { Email } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Tenant } from '#domain/tenant.ts';
import { Windows } from '#domain/windows.ts';

const WINDOW_MS = 15 * 60_000;
/** Failures by which one address may guess at one account before it has to wait. */
const PER_ACCOUNT_MAX = 10;
/** Failures of one address altogether: a password tried on many accounts. */
const PER_ADDRESS_MAX = 100;
/** Addresses remembered at once. */
const KEPT_MAX = 10_000;

type Failures = { all: number; readonly byAccount: Map<string, number> };

/**
 * Slows down guessing, by where it comes from: an account is not locked for other addresses, or whoever knows an
 * administrator's e-mail could lock them out from anywhere. Counted before the work is done, so that guesses side by side count too.
 */
export class Attempts {
  readonly #windows = new Windows<Failures>(WINDOW_MS, KEPT_MAX, () => ({ all: 0, byAccount: new Map() }));

  /** Refuses with `rate_limited` beyond the limits; `takeBack` is for what was no wrong guess. */
  begin(address: string | undefined, account: string, now: Instant): { takeBack(): void } {
    const { endsAt, count } = this.#windows.of(placeOf(address), now);
    const onAccount = count.byAccount.get(account) ?? 0;
    if (count.all >= PER_ADDRESS_MAX || onAccount >= PER_ACCOUNT_MAX) throw tooMany(endsAt - now);
    add(count, account, 1);
    return { takeBack: () => add(count, account, -1) };
  }
}

/** The same e-mail address in another tenant is somebody else. */
export const accountOf = ({ id }: Tenant, email: Email): string => `${id} ${email}`;

function add(count: Failures, account: string, by: 1 | -1): void {
  count.all += by;
  count.byAccount.set(account, (count.byAccount.get(account) ?? 0) + by);
}

const tooMany = (waitMs: number): Refusal =>
  new Refusal('rate_limited', 'Too many failed attempts from this address. Wait a few minutes and try again.', {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
