import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientsBehind, type Proxies, peerAddress } from './client-address.ts';

const PROXY = '10.0.0.1';
const TRUSTED = ['10.0.0.0/8', 'fd00::/8'];
const through = (header: Proxies['header'], value: string, peer = PROXY): string =>
  clientsBehind({ trusted: TRUSTED, header }).addressOf(peer, { [header]: value });

describe('X-Forwarded-For', () => {
  test.each([
    { what: 'one hop', value: '192.0.2.7', client: '192.0.2.7' },
    { what: 'spaces', value: ' \t 192.0.2.7 ', client: '192.0.2.7' },
    { what: 'a trusted hop between', value: '192.0.2.7, 10.0.0.2', client: '192.0.2.7' },
    { what: 'trusted hops of both kinds', value: '192.0.2.7, fd00::2,10.0.0.2', client: '192.0.2.7' },
    { what: 'what the client wrote itself', value: '203.0.113.9, 192.0.2.7', client: '192.0.2.7' },
    { what: 'a trusted address that the client wrote itself', value: '10.0.0.9, 192.0.2.7', client: '192.0.2.7' },
    { what: 'loopback, which nobody has trusted', value: '203.0.113.9, 127.0.0.1', client: '127.0.0.1' },
    { what: 'trusted hops only', value: '10.0.0.3, 10.0.0.2', client: '10.0.0.3' },
    { what: 'nothing', value: '', client: PROXY },
    { what: 'commas', value: ',,,', client: PROXY },
    { what: 'a comma behind', value: '192.0.2.7,', client: PROXY },
    { what: 'a name', value: '192.0.2.7, client.example.com', client: PROXY },
    { what: 'unknown', value: '192.0.2.7, unknown', client: PROXY },
    { what: 'garbage before a good hop', value: '…, <script>, 192.0.2.7', client: '192.0.2.7' },
    { what: 'garbage behind a trusted hop', value: '192.0.2.7, x, 10.0.0.2', client: '10.0.0.2' },
    { what: 'a port', value: '192.0.2.7:4711', client: '192.0.2.7' },
    { what: 'IPv6', value: '2001:DB8:0:0::7', client: '2001:db8::7' },
    { what: 'IPv6 in brackets', value: '[2001:db8::7]', client: '2001:db8::7' },
    { what: 'IPv6 with a port', value: '[2001:db8::7]:4711', client: '2001:db8::7' },
    { what: 'IPv4 as IPv6', value: '::ffff:192.0.2.7', client: '192.0.2.7' },
    { what: 'IPv4 as IPv6, in hexadecimal', value: '::ffff:c000:207', client: '192.0.2.7' },
    { what: 'a trusted hop as IPv6', value: '192.0.2.7, ::ffff:10.0.0.2', client: '192.0.2.7' },
    { what: 'half a bracket', value: '[2001:db8::7', client: PROXY },
    { what: 'IPv4 in brackets', value: '[192.0.2.7]', client: PROXY },
    { what: 'a zone', value: 'fe80::1%eth0', client: PROXY },
    { what: 'an octet that is none', value: '192.0.2.256', client: PROXY },
    { what: 'an octet of ambiguous base', value: '192.0.2.010', client: PROXY },
    { what: 'a short form', value: '192.2', client: PROXY },
    { what: 'a number', value: '3221225991', client: PROXY },
    { what: 'hexadecimal', value: '0xc0.0.2.7', client: PROXY },
    { what: 'quotes', value: '"192.0.2.7"', client: PROXY },
    { what: 'a quote that swallows nothing behind it', value: '", 192.0.2.7', client: '192.0.2.7' },
    { what: 'the form of the other header', value: 'for=192.0.2.7', client: PROXY },
    { what: 'a long one', value: `${'1'.repeat(5_000)}.0.2.7`, client: PROXY },
  ])('with $what ends at $client', ({ value, client }) => {
    expect(through('x-forwarded-for', value)).toBe(client);
  });
});

describe('Forwarded', () => {
  test.each([
    { what: 'one hop', value: 'for=192.0.2.7', client: '192.0.2.7' },
    { what: 'all parts', value: 'for=192.0.2.7;proto=https;host=x;by=10.0.0.1', client: '192.0.2.7' },
    { what: 'any order, case and spaces', value: ' proto=https ; FOR="192.0.2.7" ', client: '192.0.2.7' },
    { what: 'a port', value: 'for="192.0.2.7:4711"', client: '192.0.2.7' },
    { what: 'a pseudonymous port', value: 'for="192.0.2.7:_x"', client: '192.0.2.7' },
    { what: 'IPv6', value: 'for="[2001:db8::7]:4711"', client: '2001:db8::7' },
    { what: 'IPv6 without its quotes', value: 'for=[2001:db8::7]', client: '2001:db8::7' },
    { what: 'a trusted hop between', value: 'for=192.0.2.7, for=10.0.0.2', client: '192.0.2.7' },
    { what: 'what the client wrote itself', value: 'for=203.0.113.9,for=192.0.2.7', client: '192.0.2.7' },
    { what: 'a quote that the client opened', value: 'for="203.0.113.9, for=192.0.2.7', client: '192.0.2.7' },
    { what: 'a host that looks like more', value: 'host="x;for=203.0.113.9";for=192.0.2.7', client: '192.0.2.7' },
    {
      what: 'a host that looks like another hop',
      value: 'for=192.0.2.7;host="a,for=203.0.113.9"',
      client: '192.0.2.7',
    },
    { what: 'unknown', value: 'for=192.0.2.7, for=unknown', client: PROXY },
    { what: 'a pseudonym', value: 'for=192.0.2.7, for=_hidden', client: PROXY },
    { what: 'no for', value: 'for=192.0.2.7, proto=https', client: PROXY },
    { what: 'two of them', value: 'for=192.0.2.7;for=203.0.113.9', client: PROXY },
    { what: 'an escape', value: 'for="192.0.2.\\7"', client: PROXY },
    { what: 'an open quote', value: 'for="192.0.2.7', client: PROXY },
    { what: 'no pair', value: '192.0.2.7', client: PROXY },
    { what: 'an empty value', value: 'for=', client: PROXY },
    { what: 'nothing', value: '', client: PROXY },
  ])('with $what ends at $client', ({ value, client }) => {
    expect(through('forwarded', value)).toBe(client);
  });
});

test.each(['192.0.2.1', '127.0.0.1', '::1', '2001:db8::1', '11.0.0.1', 'fc00::1', 'fe80::1%eth0'])(
  'of %s, whom nobody trusts, no header is believed',
  (peer) => {
    expect(through('x-forwarded-for', '203.0.113.9', peer)).toBe(peer);
    expect(through('forwarded', 'for=203.0.113.9', peer)).toBe(peer);
  },
);

test('of two headers only the one that is set is looked at, whichever the client sends', () => {
  const headers = { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' };
  const behind = (header: Proxies['header']) => clientsBehind({ trusted: TRUSTED, header }).addressOf(PROXY, headers);
  expect(behind('x-forwarded-for')).toBe('192.0.2.7');
  expect(behind('forwarded')).toBe('203.0.113.9');
});

test.each(['x-forwarded-for', 'forwarded'] as const)(
  '%s: nothing that a client writes moves what the proxy added',
  (header) => {
    const added = header === 'forwarded' ? 'for="192.0.2.7:80";host="a,b;c"' : '192.0.2.7';
    const written = fc.oneof(fc.string(), fc.stringMatching(/^(?:for=|"|,|;|=|\\|10\.0\.0\.1|\[::1\]| ){0,12}$/));
    fc.assert(
      fc.property(written, (theirs) => {
        expect(through(header, `${theirs}, ${added}`)).toBe('192.0.2.7');
        expect(through(header, theirs, '192.0.2.99')).toBe('192.0.2.99');
      }),
    );
  },
);

test.each(['x-forwarded-for', 'forwarded'] as const)('%s: whatever it holds, the answer is an address', (header) => {
  const anything = fc.oneof(fc.string(), fc.stringMatching(/^[\d.:a-f,"=; [\]for]{0,60}$/));
  fc.assert(
    fc.property(anything, (value) => {
      expect(through(header, value)).toMatch(/^[\d.:a-f]+$/);
    }),
  );
});

test('a header of nothing but trusted hops is followed so far and no further', () => {
  const long = Array.from({ length: 1_500 }, (_, n) => `10.1.${n >> 8}.${n & 255}`).join(',');
  expect(through('x-forwarded-for', long)).toMatch(/^10\.1\.5\.\d+$/);
});

test.each([
  { address: '::ffff:192.0.2.7', shown: '192.0.2.7' },
  { address: '192.0.2.7', shown: '192.0.2.7' },
  { address: '::1', shown: '::1' },
  { address: '::ffff:0:1', shown: '::ffff:0:1' },
])('a peer at $address is $shown', ({ address, shown }) => {
  expect(peerAddress(address)).toBe(shown);
});
