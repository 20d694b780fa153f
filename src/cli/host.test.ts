import { describe, expect, test } from 'vitest';
import { parseHost, refuseInsecure } from './host.ts';

describe('a host', () => {
  test.each([
    ['https://example.com', 'https://example.com'],
    ['https://EXAMPLE.com:443//', 'https://example.com'],
    ['http://127.0.0.1:7080/', 'http://127.0.0.1:7080'],
    ['https://example.com:8443/api/svc/', 'https://example.com:8443'],
  ])('%s is %s', (text, host) => {
    expect(parseHost(text, 'x')).toBe(host);
  });

  test.each([
    '',
    'example.com',
    'example.com:443',
    'ftp://example.com',
    'https://a@example.com',
    'https://e.com/x',
    'https://e.com?x',
    'https://e.com/#x',
  ])('"%s" is none', (text) => {
    expect(() => parseHost(text, 'x')).toThrow(/^x must/);
  });
});

describe('plain HTTP', () => {
  test.each([
    'http://localhost:1',
    'http://127.0.0.1',
    'http://127.1',
    'http://0x7f.0.0.9',
    'http://[::1]:7080',
    'https://example.com',
  ])('%s is safe', (text) => {
    expect(() => refuseInsecure(parseHost(text, 'x'), false)).not.toThrow();
  });

  test.each([
    'http://example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://10.0.0.1',
    'http://[::ffff:10.0.0.1]',
    'http://0.0.0.0',
  ])('%s is refused, and not where that was said', (text) => {
    expect(() => refuseInsecure(parseHost(text, 'x'), false)).toThrow('--insecure-http');
    expect(() => refuseInsecure(parseHost(text, 'x'), true)).not.toThrow();
  });
});
