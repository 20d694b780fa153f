import { misunderstood, refused } from './exit.ts';

const NUMBER_OF_LOOPBACK = /^127(?:\.\d{1,3}){3}$/;
const LOOPBACK = new Set(['localhost', '[::1]']);
/** Where public clients find the API; their users write it behind the host. */
const API = '/api/svc';

/** Scheme, host and port, as an address says them; an address of anything more is refused. */
export function parseHost(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw misunderstood(`${from} must begin with https:// or http://, as https://countersign.example.com`);
  }
  if (url.username !== '' || url.password !== '') throw misunderstood(`${from} must not hold a name or a password.`);
  const path = url.pathname.replace(/\/+$/, '');
  if ((path !== '' && path !== API) || url.search !== '' || url.hash !== '') {
    throw misunderstood(`${from} must name a host and nothing behind it, as ${url.origin}`);
  }
  return url.origin;
}

/** A key that goes over plain HTTP is everybody's on the way; nobody stands between this machine and itself. */
export function refuseInsecure(host: string, allowed: boolean): void {
  const { protocol, hostname } = new URL(host);
  if (allowed || protocol === 'https:' || LOOPBACK.has(hostname) || NUMBER_OF_LOOPBACK.test(hostname)) return;
  throw refused(
    `${host} is plain HTTP to another machine: whoever is between reads the key. Use https://, or say --insecure-http ` +
      'where the way there is safe by itself.',
  );
}
