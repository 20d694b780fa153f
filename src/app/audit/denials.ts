import type { Act, AuditDetails, AuditEntry } from '#domain/audit.ts';
import type { Caller } from '#domain/caller.ts';
import type { Instant } from '#domain/instant.ts';

const MINUTE_MS = 60_000;
/** Resources that a summary names; more are only counted. */
const RESOURCES_MAX = 100;
/** Callers and actions remembered at once; beyond it every denial is written, which costs writes and loses nothing. */
const KEPT_MAX = 10_000;

type Repeated = {
  readonly caller: Caller;
  readonly act: Act;
  readonly minute: number;
  repeated: number;
  readonly resources: Set<string>;
};
/** Denials of one caller and action in one minute, beyond the first; one entry, however often writing it is tried. */
export type Summary = {
  readonly caller: Caller;
  readonly act: Act;
  readonly details: AuditDetails;
  readonly entry?: Pick<AuditEntry, 'id' | 'at'>;
};

/**
 * Keeps a caller who is refused in a loop from writing in a loop: of each caller, action and minute the first denial is
 * an entry before it is answered, and the rest become one entry when the minute is over.
 */
export class Denials {
  readonly #current = new Map<string, Repeated>();
  #over: Repeated[] = [];
  #unwritten: Summary[] = [];

  /** True for the first, which must be written now. */
  isFirst(caller: Caller, act: Act, now: Instant): boolean {
    const key = keyOf(caller, act);
    const minute = Math.floor(now / MINUTE_MS);
    const known = this.#current.get(key);
    if (known?.minute === minute) {
      known.repeated += 1;
      if (known.resources.size < RESOURCES_MAX) known.resources.add(act.resource);
      return false;
    }
    if (known !== undefined) this.#over.push(known);
    if (known === undefined && this.#current.size >= KEPT_MAX) return true;
    this.#current.set(key, { caller, act, minute, repeated: 0, resources: new Set() });
    return true;
  }

  /** Forgets a first denial that could not be written, so that the next one is tried; those counted meanwhile stay. */
  unwritten(caller: Caller, act: Act): void {
    const key = keyOf(caller, act);
    const known = this.#current.get(key);
    if (known !== undefined) this.#over.push(known);
    this.#current.delete(key);
  }

  /** Hands over what is to be written: of every minute that is over, or at the end of all. */
  take(now: Instant, atEnd: boolean): readonly Summary[] {
    const minute = Math.floor(now / MINUTE_MS);
    for (const [key, known] of this.#current) {
      if (!atEnd && known.minute === minute) continue;
      this.#over.push(known);
      this.#current.delete(key);
    }
    const over = this.#over.filter(({ repeated }) => repeated > 0).map(summaryOf);
    const taken = [...this.#unwritten, ...over];
    this.#over = [];
    this.#unwritten = [];
    return taken;
  }

  /** What could not be written. */
  giveBack(summaries: readonly Summary[]): void {
    this.#unwritten.unshift(...summaries);
  }
}

/** Whoever shows no credential is told apart by where they come from. */
const keyOf = ({ tenant, principal, credential, origin }: Caller, { action }: Act): string =>
  `${tenant.id} ${principal.id} ${action} ${credential.kind === 'none' ? origin.address : ''}`;

const summaryOf = ({ caller, act, repeated, resources }: Repeated): Summary => ({
  ...{ caller, act: { action: act.action, resource: act.resource.replace(/\/.*/, '/') } },
  details: { repeated, resources: [...resources] },
});
