/** One for all that runs on this machine: any program here may call from any of the 127/8 addresses. */
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const MAPPED = '::ffff:';
/** An IPv6 address has eight groups; the first four are the network. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

export const isLoopback = (address: string): boolean => LOOPBACK.test(address);

/**
 * As what an address counts, where something is counted by address. Whoever has one IPv6 address has all of its /64,
 * 2⁶⁴ of them, so that network is what counts.
 */
export function placeOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  if (isLoopback(address)) return 'loopback';
  if (!address.includes(':')) return address;
  return address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : networkOf(address);
}

/** Of an address as the kernel writes it. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, GROUPS - before.length - after.length)).fill('0');
  return `${[...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
