import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import type { Answer, Sent } from './world.ts';

const OPENSSL = '/usr/bin/openssl';
export const hasOpenssl = existsSync(OPENSSL);

export type Pair = { readonly cert: string; readonly key: string };
type Wanted = {
  readonly folder?: string;
  readonly name?: string;
  /** 0: it has expired when it is there. */
  readonly days?: number;
  readonly key?: readonly string[];
  readonly hosts?: string;
};

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const THIS_MACHINE = 'DNS:localhost,IP:127.0.0.1';

/** A new certificate, for this machine unless others are named, that signs itself, and its key, 0600, as a person would make them. */
export function newPair(wanted: Wanted = {}): Pair {
  const { folder = temporaryFolder(), name = 'pair', days = 30, key = EC_KEY, hosts = THIS_MACHINE } = wanted;
  const at = (end: string) => join(folder, `${name}.${end}`);
  const pair = { cert: at('pem'), key: at('key') };
  writeFileSync(at('ext'), `subjectAltName=${hosts}\n`);
  openssl('req', '-new', ...key, '-subj', `/CN=${name}`, '-keyout', pair.key, '-out', at('csr'));
  openssl(
    'x509',
    '-req',
    '-in',
    at('csr'),
    '-signkey',
    pair.key,
    '-days',
    `${days}`,
    '-extfile',
    at('ext'),
    '-out',
    pair.cert,
  );
  return pair;
}

export const openssl = (...args: readonly string[]): void =>
  void execFileSync(OPENSSL, args, { stdio: ['ignore', 'pipe', 'pipe'] });

export const read = (file: string): string => readFileSync(file, 'utf8');

/** A request over TLS whose certificate must be this one, and the certificate’s name. */
export function askSecurely(
  origin: string,
  ca: string,
  path: string,
  { method = 'GET', token, headers = {}, body }: Partial<Sent> = {},
): Promise<Answer & { readonly name: string }> {
  const { port } = new URL(origin);
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token.reveal()}` };
  const to = { host: '127.0.0.1', servername: 'localhost', port, path, ca, agent: false } as const;
  const options = { ...to, method, headers: { ...authorization, ...headers } };
  return new Promise((resolve, reject) => {
    const asked = request(options, async (answer) => {
      const { subject } = (answer.socket as import('node:tls').TLSSocket).getPeerCertificate();
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, name: String(subject.CN) });
    });
    asked.on('error', reject).end(body);
  });
}
