import { type Dispatcher, request } from 'undici';
import type { Opening } from '#domain/destination.ts';
import type { Fetched, Outbound, OutboundFailure } from '#ports/outbound.ts';
import { guardedAgent, lateAfter } from './dialer.ts';
import { failureOf } from './failure.ts';
import type { Resolve } from './look-up.ts';

/** From the look-up of the name to the last byte: somebody waits for it. */
const TOTAL_MS_MAX = 5_000;
/** A set of fifty keys with a chain of certificates each takes less. */
const ANSWER_BYTES_MAX = 512 * 1024;

type Options = {
  readonly openings: readonly Opening[];
  readonly resolve?: Resolve;
  readonly totalMsMax?: number;
  readonly bytesMax?: number;
};
type Closing = { close(): Promise<void> };

export function openOutbound(options: Options): Outbound & Closing {
  const { totalMsMax = TOTAL_MS_MAX, bytesMax = ANSWER_BYTES_MAX, ...rest } = options;
  const agent = guardedAgent({ ...rest, bytesMax, connectMsMax: totalMsMax });
  // A request that is given up while it connects ends with that, and nobody waits for it.
  const getJson = (url: string) =>
    Promise.race([jsonAt(agent, url, totalMsMax), lateAfter(totalMsMax)]).catch((error) => failed(failureOf(error)));
  return { getJson, close: () => agent.destroy() };
}

async function jsonAt(dispatcher: Dispatcher, text: string, totalMsMax: number): Promise<Fetched> {
  const url = URL.parse(text);
  if (url === null || !isPlain(url)) return failed('refused_destination');
  const answer = await request(url, { dispatcher, ...ASKED, signal: AbortSignal.timeout(totalMsMax) });
  if (answer.statusCode === 200) return parsed(await answer.body.text());
  answer.body.on('error', () => {}).destroy(); // what it says beyond its status is nobody's business
  return failed('bad_status');
}

/** One request for each connection: what was opened for one is not kept for another. */
const ASKED = {
  ...{ method: 'GET', reset: true },
  headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'countersign' },
} as const;

/** Credentials in an address would be sent to whoever answers there. */
const isPlain = ({ protocol, username, password }: URL): boolean =>
  /^https?:$/.test(protocol) && username === '' && password === '';

function parsed(text: string): Fetched {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return failed('bad_answer');
  }
}

const failed = (reason: OutboundFailure): Fetched => ({ ok: false, reason });
