import type { Address } from '#config/read-config.ts';

/** What links begin with. Plain HTTP: other addresses than loopback are refused. */
export const originOf = ({ host, port }: Address): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
