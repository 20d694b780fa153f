import type { Server, Socket } from 'node:net';
import { placeOf } from '#domain/place.ts';
import { peerAddress } from './client-address.ts';

/** Open at once; 0 is no limit. */
export type ConnectionLimits = { readonly max: number; readonly perAddressMax: number };
type Who = { isProxy(peer: string): boolean; refused(): void };

/**
 * Closes what is too much at once, before a byte of it is read: an answer would have to wait for a request, and hold the
 * connection for as long. Behind a proxy there are many clients, so only the number of all is bounded for it.
 */
export function boundConnections(server: Server, limits: ConnectionLimits, { isProxy, refused }: Who): void {
  if (limits.max > 0) server.maxConnections = limits.max;
  server.on('drop', refused);
  if (limits.perAddressMax === 0) return;
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const peer = socket.remoteAddress === undefined ? undefined : peerAddress(socket.remoteAddress);
    if (peer === undefined || isProxy(peer)) return;
    const place = placeOf(peer);
    add(open, place, 1);
    socket.once('close', () => add(open, place, -1));
    if ((open.get(place) ?? 0) <= limits.perAddressMax) return;
    socket.destroy();
    refused();
  });
}

/** Forgets whoever has none, so that it holds no more than there are connections. */
function add(open: Map<string, number>, place: string, by: 1 | -1): void {
  const count = (open.get(place) ?? 0) + by;
  if (count === 0) open.delete(place);
  else open.set(place, count);
}
