import { expect, test } from 'vitest';
import { originOf } from './origin.ts';

test.each([
  { host: '127.0.0.1', port: 7080, origin: 'http://127.0.0.1:7080' },
  { host: 'localhost', port: 80, origin: 'http://localhost:80' },
  { host: '::1', port: 7080, origin: 'http://[::1]:7080' },
])('$host and $port are $origin', ({ origin, ...address }) => {
  expect(originOf(address)).toBe(origin);
});
