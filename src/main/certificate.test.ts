import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hasOpenssl, newPair, read } from '#support/certificates.ts';
import { endingOf, namelessFor } from './certificate.ts';

const DAY_MS = 86_400_000;
const FILE = 'cert.pem';
const of = (wanted: Parameters<typeof newPair>[0]) => new X509Certificate(read(newPair(wanted).cert));

describe.skipIf(!hasOpenssl)('a certificate that is served (needs openssl)', () => {
  test.each([
    { days: 90, soon: 14 },
    { days: 60, soon: 14 },
    { days: 6, soon: 2 },
  ])('of $days days is told of from $soon days before its end on, and after it', ({ days, soon }) => {
    const certificate = of({ days });
    const end = certificate.validToDate.getTime();
    const told = (before: number) => endingOf(certificate, FILE, end - before);
    expect(told(soon * DAY_MS + 1_000)).toEqual([]);
    const at = new Date(end).toISOString();
    const words = (how: string) => [
      `The TLS certificate cert.pem ${how} at ${at}. Renew it: clients refuse what is past.`,
    ];
    for (const before of [soon * DAY_MS - 1_000, 1]) expect(told(before)).toEqual(words('expires'));
    for (const before of [0, -DAY_MS]) expect(told(before)).toEqual(words('expired'));
  });

  test.each([
    { hosts: 'DNS:tokens.example.com', host: 'tokens.example.com', named: true },
    { hosts: 'DNS:*.example.com', host: 'tokens.example.com', named: true },
    { hosts: 'DNS:*.example.com', host: 'a.tokens.example.com', named: false },
    { hosts: 'DNS:other.example.com', host: 'tokens.example.com', named: false },
    { hosts: 'IP:10.0.0.1', host: '10.0.0.1', named: true },
    { hosts: 'IP:2001:db8::7', host: '2001:db8::7', named: true },
    { hosts: 'DNS:10.0.0.1', host: '10.0.0.1', named: false },
    { hosts: 'DNS:other.example.com', host: undefined, named: true },
    { hosts: 'email:a@example.com', host: 'pair', named: false }, // the common name, which no browser looks at
  ])('for $hosts names $host: $named', ({ hosts, host, named }) => {
    const said = namelessFor(of({ hosts }), FILE, host);
    expect(said).toEqual(
      named ? [] : [expect.stringMatching(new RegExp(`^The TLS certificate cert.pem does not name ${host}, `))],
    );
  });
});
