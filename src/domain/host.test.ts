import { describe, expect, test } from 'vitest';
import { alikeTo, hostIn, hostsOf, isHostOf, originsAt, rivalsOf } from './host.ts';
import { parseTenantOrigin } from './tenant.ts';

describe('a host is that of an origin', () => {
  test.each([
    ['https://tokens.example.com', 'tokens.example.com'],
    ['https://tokens.example.com', 'TOKENS.example.com:443'],
    ['https://tokens.example.com:8443', 'tokens.example.com:8443'],
    ['http://127.0.0.1:7080', 'localhost:7080'],
    ['http://localhost:7080', '[::1]:7080'],
    ['http://[::1]:7080', '127.0.0.1:7080'],
    ['https://bücher.example', 'xn--bcher-kva.example'],
  ])('%s: %s', (origin, host) => {
    expect(isHostOf(origin, host)).toBe(true);
  });

  test.each([
    ['https://tokens.example.com', 'tokens.example.com:80'],
    ['https://tokens.example.com', 'tokens.example.com:7080'],
    ['https://tokens.example.com', 'example.com'],
    ['https://tokens.example.com', 'x.tokens.example.com'],
    ['https://tokens.example.com', 'tokens.example.com/path'],
    ['https://tokens.example.com', 'ann@tokens.example.com'],
    ['https://tokens.example.com', 'tokens.example.com, other.example'],
    ['https://tokens.example.com', ''],
    ['https://tokens.example.com', 'localhost'],
    ['http://127.0.0.1:7080', '127.0.0.1:7081'],
    ['http://127.0.0.1:7080', '127.0.0.1'],
    ['http://127.0.0.1:7080', 'localhost.example.com:7080'],
  ])('%s: not %s', (origin, host) => {
    expect(isHostOf(origin, host)).toBe(false);
  });
});

test('a request says no scheme, so it may be meant for either', () => {
  expect(originsAt('a.example')).toEqual(['https://a.example', 'http://a.example']);
  expect(originsAt('a.example:443')).toEqual(['https://a.example', 'http://a.example:443']);
  expect(['a b', 'a/b', '', 'x@y', 'a:b:c', '[::1'].flatMap(originsAt)).toEqual([]);
});

test('an origin has rivals: those that some request to it could be meant for as well', () => {
  expect(hostsOf('https://a.example')).toEqual(['a.example', 'a.example:443']);
  expect(hostsOf('http://a.example:7080')).toEqual(['a.example:7080']);
  expect(rivalsOf(parseTenantOrigin('https://a.example'))).toEqual(['http://a.example', 'http://a.example:443']);
  expect(rivalsOf(parseTenantOrigin('http://a.example:7080'))).toEqual(['https://a.example:7080']);
});

test.each(['a.example:7080', 'https://a.example:7080', 'HTTP://a.example:7080/', ' a.example:7080 '])(
  'what a client was given as "%s" names a host',
  (given) => {
    expect(hostIn(given)).toBe('a.example:7080');
  },
);

test.each([
  ['https://acme.example', ['https://acme.example', 'http://acme.example', 'http://acme.example:443']],
  ['http://acme.example:8080', ['https://acme.example:8080', 'http://acme.example:8080']],
])('a request to %s could be one to each of these', (origin, alike) => {
  expect(alikeTo(origin)).toEqual(expect.arrayContaining(alike));
  for (const one of alike) expect(hostsOf(one).some((host) => isHostOf(origin, host))).toBe(true);
});

test('of this machine every name is alike, on the same port', () => {
  const alike = alikeTo('http://127.0.0.1:7080');
  expect(alike).toEqual(
    expect.arrayContaining(['http://localhost:7080', 'http://[::1]:7080', 'https://localhost:7080']),
  );
  expect(alike.every((origin) => origin.endsWith(':7080'))).toBe(true);
});
