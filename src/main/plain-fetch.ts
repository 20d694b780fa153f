import type { IncomingMessage } from 'node:http';
import { ANSWER_TOO_LONG } from '#client/failure.ts';
import type { Fetch } from '#client/invoke.ts';

/** More than a thousand tokens in a list take. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/**
 * What the client needs of `fetch`, by Node's own client. The global one costs a short command as much time as all else
 * that it does; so does `import 'node:http'`, which reads every name of that module and with them loads the same.
 */
export const plainFetch: Fetch = (url, { method, headers, body, signal }) => {
  const { request } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => reject(signal.aborted ? signal.reason : error);
    const asked = request(url, { method, headers, signal }, (answer) => {
      textOf(answer).then((text) => resolve(answerOf(answer, text)), failed);
    });
    asked.on('error', failed).end(body ?? undefined);
  });
};

const answerOf = ({ statusCode = 0, headers }: IncomingMessage, text: string) => ({
  status: statusCode,
  headers: { get: (name: string) => headers[name]?.toString() ?? null },
  text: async () => text,
});

/** Throws where the connection ends before the answer does. */
async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > ANSWER_BYTES_MAX) throw Object.assign(new Error('too long'), { code: ANSWER_TOO_LONG });
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
