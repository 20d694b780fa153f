import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { Refusal } from '#domain/refusal.ts';

/** How long before its end a certificate that nobody has renewed is told of: whoever renews by program does so well before. */
const SOON_MS = 14 * 86_400_000;
/** Of a certificate that lives for days only, this part of its life. */
const SOON_PART = 1 / 3;
const BEGIN = '-----BEGIN CERTIFICATE-----';

/** The first one; those behind it, which Node would leave out unsaid where they are broken, must be whole too. */
export function certificateIn(pem: Buffer, file: string): X509Certificate {
  const blocks = pem.toString().split(BEGIN).slice(1);
  try {
    const [own] = blocks.map((block) => new X509Certificate(`${BEGIN}${block}`));
    if (own !== undefined) return own;
  } catch {} // of what is none
  throw no(`The TLS certificate ${file} is not one in PEM, or one behind it is not. It should begin with ${BEGIN}`);
}

export function refuseOutdated(certificate: X509Certificate, file: string, now: number): void {
  const { validFromDate, validToDate } = certificate;
  if (validToDate.getTime() <= now) throw no(`The TLS certificate ${file} expired at ${at(validToDate)}. Renew it.`);
  if (validFromDate.getTime() > now)
    throw no(`The TLS certificate ${file} begins at ${at(validFromDate)} only. See the clock of this machine.`);
}

/** That it runs out, or has, while it is served: from then on nobody can ask. */
export function endingOf(certificate: X509Certificate, file: string, now: number): readonly string[] {
  const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
  if (to - now > Math.min(SOON_MS, (to - from) * SOON_PART)) return [];
  const how = to <= now ? 'expired' : 'expires';
  return [
    `The TLS certificate ${file} ${how} at ${at(certificate.validToDate)}. Renew it: clients refuse what is past.`,
  ];
}

/** No reason to refuse: something in between may speak TLS of its own, and clients may know us by another name. */
export function namelessFor(certificate: X509Certificate, file: string, host: string | undefined): readonly string[] {
  if (host === undefined) return [];
  const named = isIP(host) === 0 ? certificate.checkHost(host, { subject: 'never' }) : certificate.checkIP(host);
  if (named !== undefined) return [];
  return [`The TLS certificate ${file} does not name ${host}, where links lead: whoever follows them is warned off.`];
}

const at = (date: Date): string => date.toISOString();
const no = (message: string): Refusal => new Refusal('conflict', message);
