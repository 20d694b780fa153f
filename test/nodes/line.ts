import { connect, type Socket } from 'node:net';
import { whenOver } from '#support/over.ts';
import { WHOAMI } from './nodes.ts';

/** When it was sent, and when its answer was here. */
export type Asked = { readonly status: number; readonly startedAt: number; readonly answeredAt: number };
/** One connection, kept, for one request after the other: it costs a client less than any server. */
export type Line = { present(token: string): Promise<Asked> };

export function lineTo(origin: string): Line {
  const { hostname: host, port } = new URL(origin);
  const socket = connect({ host, port: Number(port), noDelay: true });
  whenOver(() => void socket.destroy());
  return {
    async present(token) {
      const startedAt = performance.now();
      socket.write(`GET ${WHOAMI} HTTP/1.1\r\nhost: nodes\r\nauthorization: Bearer ${token}\r\n\r\n`);
      const status = await answerOf(socket);
      return { status, startedAt, answeredAt: performance.now() };
    },
  };
}

const HEAD = /^HTTP\/1\.1 (?<status>\d{3}) [\s\S]*?\r\ncontent-length: (?<length>\d+)\r\n[\s\S]*?\r\n\r\n/i;

function answerOf(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = '';
    const over = () => socket.off('data', hear).off('close', gone).off('error', gone);
    const gone = (why: unknown) => {
      over();
      reject(new Error('a node hung up', { cause: why }));
    };
    const hear = (bytes: Buffer) => {
      said += bytes.toString('latin1');
      const head = HEAD.exec(said);
      if (head === null || said.length < head[0].length + Number(head.groups?.length)) return;
      over();
      resolve(Number(head.groups?.status));
    };
    socket.on('data', hear).on('close', gone).on('error', gone);
  });
}
