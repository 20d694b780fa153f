import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Opening } from '#domain/destination.ts';
import { openOutbound } from '#egress/outbound.ts';

export type Listening = { readonly port: number; readonly connections: () => number };
export type OutboundOptions = Parameters<typeof openOutbound>[0];

/** A server of its own until the test is over, and how often somebody has connected to it. */
export async function listening(server: Server, host = '127.0.0.1', port = 0): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => void sockets.add(socket));
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(port, host, resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, connections: () => sockets.size };
}

export function outbound(options: Partial<OutboundOptions> = {}) {
  const opened = openOutbound({ openings: [], ...options });
  onTestFinished(() => opened.close());
  return opened;
}

const LOOPBACK: Opening = { network: '127.0.0.1/32', port: undefined };
export const outboundHere = (options: Partial<OutboundOptions> = {}) => outbound({ openings: [LOOPBACK], ...options });
