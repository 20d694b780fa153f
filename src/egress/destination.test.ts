import { describe, expect, test } from 'vitest';
import type { Opening } from '#domain/destination.ts';
import { isPublic, mayReach } from './destination.ts';

describe('an address that is not the same machine for everybody is not public', () => {
  test.each<[what: string, addresses: readonly string[]]>([
    ['loopback', ['127.0.0.1', '127.0.0.0', '127.255.255.255', '127.8.8.8', '::1']],
    ['unspecified', ['0.0.0.0', '0.1.2.3', '0.255.255.255', '::']],
    ['private', ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255']],
    ['unique local', ['fc00::1', 'fd00::1', 'fdff:ffff::1']],
    ['link-local', ['169.254.0.1', '169.254.255.255', 'fe80::1', 'febf::1', 'fe80::1%eth0', 'fe80::1%1']],
    ['site-local', ['fec0::1', 'feff::1']],
    ['metadata of a cloud', ['169.254.169.254', '169.254.170.2', '169.254.169.123', 'fd00:ec2::254', '192.0.0.192']],
    ['metadata of a cloud, by a number that looks public', ['100.100.100.200', '168.63.129.16']],
    ['of a carrier', ['100.64.0.1', '100.127.255.255']],
    ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1']],
    ['broadcast', ['255.255.255.255']],
    ['reserved', ['240.0.0.1', '254.255.255.255', '192.0.0.1', '192.88.99.1', '5f00::1', '4000::1', '8000::1']],
    ['documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1']],
    ['benchmarking', ['198.18.0.1', '198.19.255.255', '2001:2::1']],
    ['IPv4 mapped, public or not', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:8.8.8.8']],
    ['IPv4 mapped in full', ['0:0:0:0:0:ffff:127.0.0.1', '0000:0000:0000:0000:0000:ffff:7f00:0001']],
    ['IPv4 compatible', ['::127.0.0.1', '::7f00:1', '::10.0.0.1', '::8.8.8.8']],
    ['IPv4 translated', ['::ffff:0:127.0.0.1', '::ffff:0:10.0.0.1']],
    ['NAT64', ['64:ff9b::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::7f00:1']],
    ['6to4', ['2002:7f00:1::1', '2002:a9fe:a9fe::1', '2002:0a00:0001::']],
    ['Teredo', ['2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2']],
    ['ORCHID, AS112, AMT, discard', ['2001:10::1', '2001:20::1', '192.31.196.1', '192.52.193.1', '100::1']],
    ['no address as it is written in full', ['127.1', '0x7f.0.0.1', '0177.0.0.1', '2130706433', '127.0.0.01', '1.2.3']],
    ['no address', ['', ' ', 'localhost', '8.8.8.8 ', '8.8.8.8/32', '[::1]', '2606:4700::1111%eth0', '1.2.3.4.5']],
  ])('%s', (_, addresses) => {
    expect(addresses.filter(isPublic)).toEqual([]);
  });

  test('while others are', () => {
    const PUBLIC = ['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1', '168.63.129.17'];
    const all = [...PUBLIC, '2606:4700:4700::1111', '2001:4860:4860::8888', '2a00:1450::1', '2620:fe::fe'];
    expect(all.filter((one) => !isPublic(one))).toEqual([]);
  });
});

describe('a connection', () => {
  const HTTPS = { host: 'idp.example', port: 443, isEncrypted: true };
  const HTTP = { host: 'idp.example', port: 80, isEncrypted: false };
  const within = (network: string, port?: number): Opening => ({ network, port });
  const at = (host: string, port?: number): Opening => ({ host, port });

  test.each([
    { openings: [], asked: HTTPS, address: '8.8.8.8', expected: true },
    { openings: [], asked: HTTP, address: '8.8.8.8', expected: false }, // anybody on the way could change it
    { openings: [], asked: HTTPS, address: '10.0.0.7', expected: false },
    { openings: [within('10.0.0.0/8')], asked: HTTPS, address: '10.0.0.7', expected: true },
    { openings: [within('10.0.0.0/8')], asked: HTTP, address: '10.0.0.7', expected: true },
    { openings: [within('10.0.0.0/8')], asked: HTTPS, address: '11.0.0.7', expected: true },
    { openings: [within('10.0.0.0/8')], asked: HTTPS, address: '192.168.0.7', expected: false },
    { openings: [within('10.0.0.0/8')], asked: HTTPS, address: '::ffff:10.0.0.7', expected: false },
    { openings: [within('fd00::/8')], asked: HTTPS, address: 'fd12::7', expected: true },
    { openings: [within('fd00::/8')], asked: HTTPS, address: '10.0.0.7', expected: false },
    { openings: [within('10.0.0.7/32', 8200)], asked: { ...HTTPS, port: 8200 }, address: '10.0.0.7', expected: true },
    { openings: [within('10.0.0.7/32', 8200)], asked: HTTPS, address: '10.0.0.7', expected: false },
    { openings: [at('idp.example')], asked: HTTP, address: '127.0.0.1', expected: true },
    { openings: [at('idp.example', 80)], asked: HTTP, address: '127.0.0.1', expected: true },
    { openings: [at('idp.example', 81)], asked: HTTP, address: '127.0.0.1', expected: false },
    { openings: [at('other.example')], asked: HTTPS, address: '127.0.0.1', expected: false },
    { openings: [at('example')], asked: HTTPS, address: '127.0.0.1', expected: false }, // a name is no suffix
    { openings: [at('idp.example')], asked: { ...HTTPS, host: 'IDP.example.' }, address: '127.0.0.1', expected: true },
  ])('to $address for $asked.host:$asked.port, where $openings is open, is $expected', (row) => {
    expect(mayReach(row.openings, row.asked, row.address)).toBe(row.expected);
  });
});
