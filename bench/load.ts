import { connect } from 'node:net';

/** Closed loop of one GET over raw keep-alive sockets, cheaper than any server under test. The number of answers. */
export async function load(
  origin: string,
  { path, token }: { readonly path: string; readonly token: string },
  connections: number,
  ms: number,
): Promise<number> {
  const { hostname, port } = new URL(origin);
  const request = `GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${token}\r\n\r\n`;
  const endAt = performance.now() + ms;
  const loops = Array.from({ length: connections }, () => loop({ host: hostname, port: Number(port) }, request, endAt));
  return (await Promise.all(loops)).reduce((sum, count) => sum + count, 0);
}

const loop = (to: { readonly host: string; readonly port: number }, request: string, endAt: number) =>
  new Promise<number>((resolve, reject) => {
    let answers = 0;
    const socket = connect({ ...to, noDelay: true }, () => socket.write(request));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      if (!chunk.toString('latin1', 0, 15).startsWith('HTTP/1.1 200')) reject(new Error(chunk.toString()));
      answers += 1;
      if (performance.now() < endAt) return void socket.write(request);
      socket.destroy();
      resolve(answers);
    });
  });
