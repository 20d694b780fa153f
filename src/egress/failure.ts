import type { OutboundFailure } from '#ports/outbound.ts';
import { RefusedDestination } from './dialer.ts';

/** By the name or the code that Node, OpenSSL and undici give; the first that fits. */
const FAILURES: readonly (readonly [RegExp, OutboundFailure])[] = [
  [/^(TimeoutError|ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/, 'timeout'],
  [/^UND_ERR_(RES_EXCEEDED_MAX_SIZE|HEADERS_OVERFLOW)$/, 'too_large'],
  [/^(HPE_|HTTPParserError$|UND_ERR_RES_)/, 'bad_answer'],
  [
    /^(EPROTO$|ERR_(TLS|SSL)_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_(CA|PURPOSE)|PATH_LENGTH_|CRL_|UNSPECIFIED$)/,
    'tls',
  ],
  [/^(E(?!RR_)[A-Z]|UND_ERR_(SOCKET|DESTROYED|CLOSED|ABORTED)$)/, 'unreachable'],
];

/** Throws what is none of the network's: a fault of ours must not look like an outage elsewhere. */
export function failureOf(error: unknown): OutboundFailure {
  if (error instanceof RefusedDestination) return 'refused_destination';
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  const said = [name, code].filter((one) => typeof one === 'string');
  const found = FAILURES.find(([fits]) => said.some((one) => fits.test(one)));
  if (found === undefined) throw error;
  return found[1];
}
