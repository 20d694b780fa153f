import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Refusal } from '#domain/refusal.ts';
import type { Tls } from '#http/server.ts';
import type { Log } from '#telemetry/log.ts';
import { certificateIn, endingOf, namelessFor, refuseOutdated } from './certificate.ts';
import { OTHERS_READ, refuseShared } from './shared.ts';
import { naming } from './system-refusal.ts';

export type TlsFiles = { readonly cert: string; readonly key: string };

/** Whoever renews certificates replaces the files; that is seen this much later at most. */
export const TLS_LOOK_MS = 60_000;
/** How often it is said that the one in use runs out. */
const TOLD_AGAIN_MS = 86_400_000;

/** The pair as it lies there, and what follows it: the files when they are replaced, and its end. `host` is where links lead. */
export function openTls(files: TlsFiles, host: string | undefined) {
  const seen = stampOf(files); // before reading: what is replaced while we read is read again
  const tls = readTls(files, Date.now());
  function follow(renew: (tls: Tls) => void, log: Log): { stop(): void } {
    const inUse = { tls };
    const take = (next: Tls) => {
      renew(next);
      inUse.tls = next;
      log.info('the TLS certificate was renewed', { file: files.cert });
      for (const words of warningsOfTls(next, files, host)) log.warn(words);
    };
    const looks = [renewing(files, seen, take, log), tellingEnd(files, inUse, log)];
    const timer = setInterval(() => {
      for (const look of looks) look();
    }, TLS_LOOK_MS).unref();
    return { stop: () => clearInterval(timer) };
  }
  return { tls, warnings: warningsOfTls(tls, files, host), follow };
}

/**
 * Takes what was replaced. What cannot be served, or not even looked at, is told once, and the pair in use stays; it is
 * tried again at each look, since not all that mends it shows in the files.
 */
function renewing(files: TlsFiles, first: string, take: (tls: Tls) => void, log: Log): () => void {
  let seen = first;
  let told: string | undefined;
  return () => {
    try {
      const stamp = stampOf(files);
      if (stamp !== seen) {
        take(readTls(files, Date.now()));
        seen = stamp;
      }
      told = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== told) log.failed(error);
      told = message;
    }
  };
}

function tellingEnd({ cert }: TlsFiles, inUse: { readonly tls: Tls }, log: Log): () => void {
  let toldAt = Date.now(); // by the start
  return () => {
    const now = Date.now();
    if (Math.abs(now - toldAt) < TOLD_AGAIN_MS) return;
    toldAt = now;
    for (const words of endingOf(certificateIn(inUse.tls.cert, cert), cert, now)) log.warn(words);
  };
}

/** What whoever has this pair served must know of it, line by line. */
export function warningsOfTls(tls: Tls, { cert }: TlsFiles, host: string | undefined): readonly string[] {
  const certificate = certificateIn(tls.cert, cert);
  return [...endingOf(certificate, cert, Date.now()), ...namelessFor(certificate, cert, host)];
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

function keyIn(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause might quote it.
    if (!pem.includes('ENCRYPTED')) throw no(`The TLS key ${file} is not a private key in PEM.`);
    throw no(`The TLS key ${file} is encrypted. Give one without a passphrase, and keep it to this user.`);
  }
}

/** Tells one state of the files from another; throws what the file system has against looking. */
const stampOf = ({ cert, key }: TlsFiles): string => [...statted('certificate', cert), ...statted('key', key)].join();

function statted(what: string, file: string): readonly bigint[] {
  const { ino, mtimeNs, size } = naming(`The TLS ${what} ${file}`, () => statSync(file, { bigint: true }));
  return [ino, mtimeNs, size];
}

const no = (message: string): Refusal => new Refusal('conflict', message);
