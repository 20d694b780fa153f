import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Options = {
  /** Runs while a request is under way: nobody has been asked yet, and the client waits. */
  readonly meanwhile?: () => void;
};
type Exchange = {
  readonly asked: string;
  readonly headers: IncomingHttpHeaders;
  readonly status: number | undefined;
};
export type Recorder = {
  readonly origin: string;
  /** Every request with what it got for an answer, in the order of the answers, since the last time somebody asked. */
  exchanges(): readonly Exchange[];
  /** `METHOD path`, in the order of arrival, since the last time somebody asked. */
  asked(): readonly string[];
};

/** Stands between a client and the server, passes everything on as it is, and remembers what was asked. */
export async function recorderOf(target: string, { meanwhile = () => {} }: Options = {}): Promise<Recorder> {
  const asked: string[] = [];
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, outgoing) => {
    const line = `${incoming.method} ${incoming.url}`;
    asked.push(line);
    meanwhile();
    passOn(target, incoming, outgoing, (status) => exchanges.push({ asked: line, headers: incoming.headers, status }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked.splice(0),
    exchanges: () => exchanges.splice(0),
  };
}

function passOn(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answered: (status: number | undefined) => void,
): void {
  const { hostname, port } = new URL(target);
  const { method, url, headers } = incoming;
  const onward = request({ hostname, port, method, path: url, headers, agent: false }, (answer) => {
    answered(answer.statusCode);
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
