import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { whenOver } from '#support/over.ts';
import { countersign } from './program.ts';

export const KEY = `tfy_pat_${'k'.repeat(49)}`;

type Listening = { listen(port: number, host: string): unknown; address(): unknown; close(): unknown };

export async function listening(server: Listening, scheme: string): Promise<string> {
  await once(server.listen(0, '127.0.0.1') as never, 'listening');
  whenOver(() => void server.close());
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server of somebody else's, which answers so; and how often it was asked. */
export async function stranger(answer: (asked: IncomingMessage, answered: ServerResponse) => void) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  return { origin: await listening(server, 'http'), asked };
}

export const ask = (origin: string, ...words: readonly string[]) =>
  countersign(words.length === 0 ? ['whoami'] : words, { env: { TFY_HOST: origin, TFY_API_KEY: KEY } });

export const json =
  (status: number, body: unknown, headers = {}) =>
  (_: IncomingMessage, answered: ServerResponse) =>
    void answered.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
export const html = (status: number) => (_: IncomingMessage, answered: ServerResponse) =>
  void answered.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Hello</h1>');
export const refusal = (statusCode: number, code: string, message: string) => ({ statusCode, code, message });
