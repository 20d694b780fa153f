import { lookup } from 'node:dns/promises';

/** Every address of a host, each as it will be dialled. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/**
 * The system's own way takes one of the four threads that this process has for slow work, passwords among it, for as long as a name
 * server takes. Whose name server that is, a tenant may choose.
 */
const LOOK_UPS_AT_ONCE_MAX = 2;

/** As all programs of this machine find it, its file of hosts too. */
const bySystem: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/** Others wait for their turn. */
export function atMost(max: number, resolve: Resolve): Resolve {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async (host) => {
    if (busy < max) busy += 1;
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await resolve(host);
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy -= 1;
      else next();
    }
  };
}

export const lookUp = atMost(LOOK_UPS_AT_ONCE_MAX, bySystem);
