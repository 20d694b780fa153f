/** Why nothing came of a request. Closed, and all of it that anybody is told: an answer is never shown to whoever asked. */
export const OUTBOUND_FAILURES = [
  /** It leads to where the operator has not said that this program may go. */
  'refused_destination',
  'unreachable',
  'timeout',
  /** The other side is not who the address says, or cannot prove it. */
  'tls',
  'too_large',
  /** Anything but 200, a redirect too: where it leads is for whoever named the address to name. */
  'bad_status',
  /** No JSON, or no HTTP. */
  'bad_answer',
] as const;
export type OutboundFailure = (typeof OUTBOUND_FAILURES)[number];

export type Fetched =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: OutboundFailure };

/** Requests to addresses that somebody configured. */
export interface Outbound {
  /** What stands at this address, as JSON. Never throws for what lies outside; each request is bounded in time and size. */
  getJson(url: string): Promise<Fetched>;
}
