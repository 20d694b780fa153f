import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { whenOver } from './over.ts';

/** A network of our own between a client and a server, which can be worse than any cable. */
export type TcpProxy = {
  readonly port: number;
  /** As it should be; what was swallowed before is lost, and so is every connection that it was of. */
  pass(): void;
  /** Every connection is reset, and none is made. */
  cut(): void;
  /** Nobody is told anything: bytes of both directions are swallowed, also of connections that are made meanwhile. */
  stall(): void;
  /** Whatever comes from the server comes so much later; 0 is at once. */
  slow(ms: number): void;
};

type State = { mode: 'pass' | 'cut' | 'stall'; delayMs: number };
type Pair = { readonly client: Socket; readonly server: Socket; isDeaf: boolean };

export async function tcpProxyTo(port: number): Promise<TcpProxy> {
  const state: State = { mode: 'pass', delayMs: 0 };
  const pairs = new Set<Pair>();
  const listener = createServer((client) => accept(client, { port, state, pairs })).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  whenOver(() => closed(listener, pairs));
  const turn = (mode: State['mode']) => {
    state.mode = mode;
    if (mode === 'cut') for (const pair of pairs) reset(pair);
    if (mode === 'stall') for (const pair of pairs) pair.isDeaf = true;
  };
  return {
    port: (listener.address() as AddressInfo).port,
    pass: () => turn('pass'),
    cut: () => turn('cut'),
    stall: () => turn('stall'),
    slow: (ms) => {
      state.delayMs = ms;
    },
  };
}

type Own = { readonly port: number; readonly state: State; readonly pairs: Set<Pair> };

function accept(client: Socket, { port, state, pairs }: Own): void {
  if (state.mode === 'cut') return void client.resetAndDestroy();
  const server = connect({ port, host: '127.0.0.1', noDelay: true });
  const pair: Pair = { client, server, isDeaf: state.mode === 'stall' };
  pairs.add(pair);
  client.setNoDelay(true);
  client.on('data', (bytes) => !pair.isDeaf && server.write(bytes));
  server.on('data', (bytes) => {
    if (state.delayMs === 0) passOn(pair, bytes);
    else setTimeout(() => passOn(pair, bytes), state.delayMs);
  });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => {}); // `close` follows
    one.on('close', () => {
      pairs.delete(pair);
      if (!pair.isDeaf) other.destroy(); // else the other end is told nothing of this either
    });
  }
}

function passOn({ client, isDeaf }: Pair, bytes: Buffer): void {
  if (!isDeaf && !client.destroyed) client.write(bytes);
}

function reset({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.destroy();
}

async function closed(listener: Server, pairs: ReadonlySet<Pair>): Promise<void> {
  for (const { client, server } of pairs) for (const socket of [client, server]) socket.destroy();
  listener.close();
  await once(listener, 'close');
}
