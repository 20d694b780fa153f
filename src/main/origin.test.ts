import { expect, test } from 'vitest';
import { originOf, siteOrigin } from './origin.ts';

test.each([
  { host: '127.0.0.1', port: 7080, scheme: 'http', origin: 'http://127.0.0.1:7080' },
  { host: '10.0.0.1', port: 443, scheme: 'https', origin: 'https://10.0.0.1:443' },
  { host: '::1', port: 7080, scheme: 'http', origin: 'http://[::1]:7080' },
] as const)('$host and $port by $scheme are $origin', ({ origin, scheme, ...address }) => {
  expect(originOf(address, scheme)).toBe(origin);
  expect(siteOrigin(undefined, address, scheme)).toBe(origin);
  expect(siteOrigin('https://tokens.example.com', address, scheme)).toBe('https://tokens.example.com');
});

test.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])('links of %s begin with what can be opened here', (host) => {
  expect(siteOrigin(undefined, { host, port: 7080 }, 'https')).toBe('https://localhost:7080');
});
