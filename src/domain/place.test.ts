import { expect, test } from 'vitest';
import { isLoopback, placeOf } from './place.ts';

test.each(['127.0.0.1', '127.1.2.3', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::ffff:127.9.9.9'])(
  '%s is this machine, as every other address of it',
  (address) => {
    expect(placeOf(address)).toBe('loopback');
    expect(isLoopback(address)).toBe(true);
  },
);

test.each(['128.0.0.1', '10.127.0.1', '1127.0.0.1', '::11', '::1:1', '::ffff:128.0.0.1', '::', undefined])(
  '%s is not this machine',
  (address) => {
    expect(placeOf(address)).not.toBe('loopback');
  },
);

test.each([
  { address: '192.0.2.7', place: '192.0.2.7' },
  { address: '::ffff:192.0.2.7', place: '192.0.2.7' },
  { address: '2001:db8:1:2:3:4:5:6', place: '2001:db8:1:2::/64' },
  { address: '2001:db8:1:2::1', place: '2001:db8:1:2::/64' },
  { address: '2001:db8:1:2:ffff:ffff:ffff:ffff', place: '2001:db8:1:2::/64' },
  { address: '2001:db8::1', place: '2001:db8:0:0::/64' },
  { address: '2001:db8:0:1::', place: '2001:db8:0:1::/64' },
  { address: '::1:2:3:4:5:6', place: '0:0:1:2::/64' },
  { address: 'fe80::1%eth0', place: 'fe80:0:0:0::/64' },
  { address: '64:ff9b::192.0.2.7', place: '64:ff9b:0:0::/64' },
  { address: undefined, place: 'unknown' },
])('$address counts as $place', ({ address, place }) => {
  expect(placeOf(address)).toBe(place);
});
