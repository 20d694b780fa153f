import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Refusal } from '#domain/refusal.ts';
import type { Tls } from '#http/server.ts';
import type { Log } from '#telemetry/log.ts';
import { OTHERS_READ, refuseShared } from './shared.ts';
import { naming } from './system-refusal.ts';

export type TlsFiles = { readonly cert: string; readonly key: string };

/** Whoever renews certificates replaces the files; that is seen this much later at most. */
export const TLS_LOOK_MS = 60_000;
const BEGIN = '-----BEGIN CERTIFICATE-----';

/** The pair as it lies there, and what follows it when the files are replaced. */
export function openTls(files: TlsFiles) {
  let seen = stampOf(files); // before reading: what is replaced while we read is read again
  const tls = readTls(files, Date.now());
  /** A renewal that cannot be served is told once, and the pair in use stays. */
  function follow(renew: (tls: Tls) => void, log: Log): { stop(): void } {
    const timer = setInterval(() => {
      const stamp = stampOf(files);
      if (stamp === seen) return;
      seen = stamp;
      try {
        renew(readTls(files, Date.now()));
        log.info('the TLS certificate was renewed', { file: files.cert });
      } catch (error) {
        log.failed(error);
      }
    }, TLS_LOOK_MS).unref();
    return { stop: () => clearInterval(timer) };
  }
  return { tls, follow };
}

/** Refuses a pair that no client would take, with what to do. */
export function readTls(files: TlsFiles, now: number): Tls {
  const cert = naming(`The TLS certificate ${files.cert}`, () => readFileSync(files.cert));
  const key = naming(`The TLS key ${files.key}`, () => {
    refuseShared(files.key, `The TLS key ${files.key}`, OTHERS_READ);
    return readFileSync(files.key);
  });
  const certificate = certificateIn(cert, files.cert);
  if (!certificate.checkPrivateKey(keyIn(key, files.key)))
    throw no(
      `The TLS key ${files.key} is not that of the certificate ${files.cert}. Give the two that belong together.`,
    );
  refuseOutdated(certificate, files.cert, now);
  const tls = { cert, key, minVersion: 'TLSv1.2' } as const;
  try {
    createSecureContext(tls);
  } catch (error) {
    throw no(`The TLS certificate ${files.cert} cannot be served: ${(error as Error).message}`);
  }
  return tls;
}

/** The first one; those behind it, which Node would leave out unsaid where they are broken, must be whole too. */
function certificateIn(pem: Buffer, file: string): X509Certificate {
  const blocks = pem.toString().split(BEGIN).slice(1);
  try {
    const [own] = blocks.map((block) => new X509Certificate(`${BEGIN}${block}`));
    if (own !== undefined) return own;
  } catch {} // of what is none
  throw no(`The TLS certificate ${file} is not one in PEM, or one behind it is not. It should begin with ${BEGIN}`);
}

function keyIn(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause might quote it.
    if (!pem.includes('ENCRYPTED')) throw no(`The TLS key ${file} is not a private key in PEM.`);
    throw no(`The TLS key ${file} is encrypted. Give one without a passphrase, and keep it to this user.`);
  }
}

function refuseOutdated({ validFromDate, validToDate }: X509Certificate, file: string, now: number): void {
  if (validToDate.getTime() <= now) throw no(`The TLS certificate ${file} expired at ${at(validToDate)}. Renew it.`);
  if (validFromDate.getTime() > now)
    throw no(`The TLS certificate ${file} begins at ${at(validFromDate)} only. See the clock of this machine.`);
}

const at = (date: Date): string => date.toISOString();

/** Tells one state of the files from another. */
const stampOf = ({ cert, key }: TlsFiles): string =>
  [cert, key]
    .map((file) => statSync(file, { throwIfNoEntry: false, bigint: true }))
    .map((stat) => (stat === undefined ? 'none' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`))
    .join();

const no = (message: string): Refusal => new Refusal('conflict', message);
