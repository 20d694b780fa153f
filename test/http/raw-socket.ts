import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Answer } from '#support/world.ts';

/** A connection on which nothing is sent that the test did not write. */
export function rawSocket(origin: string): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {}); // a server may hang up on what we send; the test asks what came back
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve) => socket.once('connect', () => resolve(socket)));
}

/** All that comes back until the server hangs up. */
export async function saidOn(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await new Promise((closed) => socket.once('close', closed));
  return Buffer.concat(chunks).toString();
}

/** These bytes on a connection of their own, and the answer to them. */
export async function exchanged(origin: string, bytes: string | Buffer): Promise<Answer> {
  const socket = await rawSocket(origin);
  const said = saidOn(socket);
  socket.write(bytes);
  return answerIn(await said);
}

/** One HTTP/1.1 answer, as it came. */
export function answerIn(said: string): Answer {
  const [head = '', ...rest] = said.split('\r\n\r\n');
  const [status = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name.toLowerCase(), value.join(':').trim()];
    }),
  );
  return { status: Number(status.split(' ')[1]), headers, text: rest.join('\r\n\r\n') };
}
