import type { Opening } from '#domain/destination.ts';
import type { Outbound } from '#ports/outbound.ts';
import type { Closing } from './client.ts';
import type { Resolve } from './look-up.ts';

/** Somebody waits for it. */
const TOTAL_MS_MAX = 5_000;
/** A set of fifty keys with a chain of certificates each takes less. */
const ANSWER_BYTES_MAX = 512 * 1024;

type Options = {
  readonly openings: readonly Opening[];
  readonly resolve?: Resolve;
  readonly totalMsMax?: number;
  readonly bytesMax?: number;
};

/** The client is loaded by the first request: most servers never send one, and it takes 30 MB. */
export function openOutbound(options: Options): Outbound & Closing {
  const { totalMsMax = TOTAL_MS_MAX, bytesMax = ANSWER_BYTES_MAX, ...rest } = options;
  const load = () => import('./client.ts').then(({ openClient }) => openClient({ ...rest, bytesMax }, totalMsMax));
  let client: ReturnType<typeof load> | undefined;
  const getJson = async (url: string) => {
    client ??= load();
    return (await client).getJson(url);
  };
  return { getJson, close: async () => (await client)?.close() };
}
