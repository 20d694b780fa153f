import { appendFileSync, chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Refusal } from '#domain/refusal.ts';
import { hasOpenssl, newPair, openssl, type Pair, read } from '#support/certificates.ts';
import { temporaryFolder } from '#support/folder.ts';
import { readTls } from './tls.ts';

const DAY_MS = 86_400_000;
const now = () => Date.now();

describe.skipIf(!hasOpenssl)('a certificate and its key (needs openssl)', () => {
  test.each([
    { what: 'on an elliptic curve', key: undefined },
    { what: 'of RSA', key: ['-newkey', 'rsa:2048', '-nodes'] },
    { what: 'of Ed25519', key: ['-newkey', 'ed25519', '-nodes'] },
  ])('$what are taken', ({ key }) => {
    const pair = newPair(key === undefined ? {} : { key });
    const tls = readTls(pair, now());
    expect({ cert: `${tls.cert}`, key: `${tls.key}`, minVersion: tls.minVersion }).toEqual({
      ...{ cert: read(pair.cert), key: read(pair.key), minVersion: 'TLSv1.2' },
    });
  });

  test('in one file, or with what leads to its root behind it, are taken', () => {
    const [pair, other] = [newPair(), newPair()];
    const both = join(temporaryFolder(), 'both.pem');
    writeFileSync(both, `${read(pair.key)}${read(pair.cert)}${read(other.cert)}`, { mode: 0o600 });
    expect(readTls({ cert: both, key: both }, now()).cert).toEqual(Buffer.from(read(both)));
  });

  const REFUSED: readonly { what: string; harm: (pair: Pair) => void; says: RegExp }[] = [
    { what: 'without its certificate', harm: ({ cert }) => rmSync(cert), says: /^The TLS certificate .* is not there/ },
    { what: 'without its key', harm: ({ key }) => rmSync(key), says: /^The TLS key .* is not there/ },
    {
      what: 'whose key others can read',
      harm: ({ key }) => chmodSync(key, 0o644),
      says: /^The TLS key .* can be read or changed by other users .*chmod go-rwx/,
    },
    {
      what: 'that is garbage',
      harm: ({ cert }) => writeFileSync(cert, 'x'),
      says: /^The TLS certificate .* is not one in PEM/,
    },
    {
      what: 'that is empty',
      harm: ({ cert }) => writeFileSync(cert, ''),
      says: /^The TLS certificate .* is not one in PEM/,
    },
    {
      what: 'that is in DER',
      harm: ({ cert }) => openssl('x509', '-in', cert, '-outform', 'DER', '-out', cert),
      says: /^The TLS certificate .* is not one in PEM/,
    },
    {
      what: 'that is cut short',
      harm: ({ cert }) => writeFileSync(cert, read(cert).slice(0, 200)),
      says: /^The TLS certificate .* is not one in PEM/,
    },
    {
      what: 'with garbage behind it that should lead to its root',
      harm: ({ cert }) => appendFileSync(cert, read(cert).replace(/[a-z]{2}/, '··')),
      says: /^The TLS certificate .* or one behind it is not/,
    },
    {
      what: 'whose key is garbage',
      harm: ({ key }) => writeFileSync(key, 'x'),
      says: /^The TLS key .* is not a private key in PEM/,
    },
    {
      what: 'whose key is a certificate',
      harm: ({ cert, key }) => writeFileSync(key, read(cert)),
      says: /^The TLS key .* is not a private key in PEM/,
    },
    {
      what: 'whose key is encrypted',
      harm: ({ key }) => {
        openssl('pkcs8', '-topk8', '-in', key, '-out', `${key}.new`, '-passout', 'pass:secret');
        renameSync(`${key}.new`, key);
      },
      says: /^The TLS key .* is encrypted\. Give one without a passphrase/,
    },
    {
      what: 'whose key is another’s',
      harm: ({ key }) => writeFileSync(key, read(newPair().key)),
      says: /^The TLS key .* is not that of the certificate/,
    },
    {
      what: 'of too few bits',
      harm: ({ cert, key }) => {
        const weak = newPair({ key: ['-newkey', 'rsa:512', '-nodes'] });
        writeFileSync(cert, read(weak.cert));
        writeFileSync(key, read(weak.key));
      },
      says: /^The TLS certificate .* cannot be served: .*too small/,
    },
  ];

  test.each(REFUSED)('$what are refused, with what to do and nothing of the key', ({ harm, says }) => {
    const pair = newPair();
    const [, secret = 'none'] = read(pair.key).split('\n');
    harm(pair);
    const refuse = () => readTls(pair, now());
    expect(refuse).toThrow(Refusal);
    expect(refuse).toThrow(says);
    expect(refuse).not.toThrow(secret);
  });

  test('that have expired, or do not hold yet, are refused with the date', () => {
    const pair = newPair({ days: 30 });
    expect(() => readTls(pair, now() + 29 * DAY_MS)).not.toThrow();
    expect(() => readTls(pair, now() + 31 * DAY_MS)).toThrow(/expired at \d{4}-\d\d-\d\dT.*Z\. Renew it\./);
    expect(() => readTls(pair, now() - DAY_MS)).toThrow(/begins at \d{4}-\d\d-\d\dT.*Z only\. See the clock/);
    expect(() => readTls(newPair({ days: 0 }), now())).toThrow(/expired at/);
  });
});
