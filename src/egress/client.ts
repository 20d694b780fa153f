import { type Dispatcher, request } from 'undici';
import type { Fetched, Outbound, OutboundFailure } from '#ports/outbound.ts';
import { type Dialer, guardedAgent, lateAfter } from './dialer.ts';
import { failureOf } from './failure.ts';

export type Closing = { close(): Promise<void> };

/** `totalMsMax`: from the look-up of the name to the last byte. */
export function openClient(dialer: Omit<Dialer, 'connectMsMax'>, totalMsMax: number): Outbound & Closing {
  const agent = guardedAgent({ ...dialer, connectMsMax: totalMsMax });
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
