import type { Address } from '#config/address.ts';
import type { Config } from '#config/read-config.ts';
import { staysHere } from '#config/together.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Terms, Tls } from '#http/server.ts';
import { isHere } from '#store/postgres/destination.ts';
import { destinationIn } from './database-url.ts';
import { isEverywhere, originOf } from './origin.ts';
import type { TlsFiles } from './tls.ts';

export function tlsFilesIn({ tlsCertFile: cert, tlsKeyFile: key }: Config): TlsFiles | undefined {
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

/** What the settings say of the network, in the words of the way in. */
export const termsOf = (config: Config, tls: Tls | undefined): Terms => ({
  tls,
  proxies: { trusted: config.trustedProxies, header: config.proxyHeader },
  proxiesOnly: isPlain(config) && !config.insecureHttp,
  requests: {
    perAddressMax: config.requestsPerAddressMax,
    perTokenMax: config.requestsPerTokenMax,
    perPrincipalMax: config.requestsPerPrincipalMax,
    perTenantMax: config.requestsPerTenantMax,
  },
  connections: { max: config.connectionsMax, perAddressMax: config.connectionsPerAddressMax },
});

/** Where links lead, as a certificate names it; undefined where that is this machine, whatever its name. */
export function hostOf({ publicUrl, listen }: Config): string | undefined {
  if (publicUrl !== undefined) return new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  return isEverywhere(listen) ? undefined : listen.host;
}

/** What whoever starts it must know, line by line; `listened` is the address with the port that was got. */
export const warningsOf = (config: Config, listened: Address): readonly string[] => [
  ...(isPlain(config) && config.insecureHttp ? insecure(listened) : []),
  ...(config.publicUrl === undefined && isEverywhere(config.listen) ? [LINKS_HERE_ONLY] : []),
  ...plainDatabase(config),
];

/** Without TLS of ours, where other machines may connect. */
const isPlain = (config: Config): boolean => config.tlsCertFile === undefined && !staysHere(config);

const insecure = (listened: Address): readonly string[] => [
  `Plain HTTP on ${originOf(listened, 'http')}. Whoever is on the way reads and changes all of it, tokens and passwords too.`,
  'Nobody can sign in from another machine: over plain HTTP browsers do not say which page a request comes from.',
];

/** Of one whose files cannot be read nothing is known here: a start refuses it, and `config check` tells why. */
function plainDatabase(config: Config): readonly string[] {
  try {
    const to = destinationIn(config);
    if (to === undefined || to.isEncrypted || isHere(to.host)) return [];
    return [
      `The connection to the database at ${to.host} is not encrypted: set sslmode=verify-full in COUNTERSIGN_DATABASE_URL.`,
    ];
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

const LINKS_HERE_ONLY =
  'Links begin with localhost, which is this machine alone: set COUNTERSIGN_PUBLIC_URL to the address that people use.';
