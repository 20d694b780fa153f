import { type Address, isLoopbackHost } from './address.ts';

/** What settings say of one another; one that could not be read is not there. */
type Together = {
  readonly listen?: Address;
  readonly adminEmail?: string | undefined;
  readonly adminPasswordFile?: string | undefined;
  readonly tlsCertFile?: string | undefined;
  readonly tlsKeyFile?: string | undefined;
  readonly publicUrl?: string | undefined;
  readonly trustedProxies?: readonly string[];
  readonly insecureHttp?: boolean;
  readonly testStopAt?: string | undefined;
  readonly testClockMs?: number;
};
/** The word by which a setting was given, or could be. */
type Name = (key: keyof Together) => string;

/** Settings that are right by themselves and wrong beside the others. */
export const togetherOnly = (config: Together, name: Name): readonly string[] => [
  ...bothOrNone(config, name, ['adminEmail', 'adminPasswordFile']),
  ...bothOrNone(config, name, ['tlsCertFile', 'tlsKeyFile']),
  ...(plainLinks(config) ? [`${name('publicUrl')} must begin with https:// where TLS is served`] : []),
  ...(isOpen(config) ? [`${name('listen')} ${MUST_BE_SAFE}`] : []),
  ...testsOnly(config, name),
];

const MUST_BE_SAFE =
  'must be a loopback address, or what is sent must be safe from whoever is on the way. Do one of three: serve TLS ' +
  '(COUNTERSIGN_TLS_CERT and COUNTERSIGN_TLS_KEY); stand behind a proxy that does (COUNTERSIGN_PUBLIC_URL=https://… ' +
  'and COUNTERSIGN_TRUSTED_PROXIES); or have it read and changed by anybody on the way (--insecure-http)';

function bothOrNone(config: Together, name: Name, pair: readonly [keyof Together, keyof Together]): readonly string[] {
  if (!pair.every((key) => key in config)) return [];
  const [given, missing] = config[pair[0]] === undefined ? [pair[1], pair[0]] : pair;
  const alone = config[given] !== undefined && config[missing] === undefined;
  return alone ? [`${name(given)} needs ${name(missing)} beside it`] : [];
}

const plainLinks = ({ tlsCertFile, publicUrl }: Together): boolean =>
  tlsCertFile !== undefined && publicUrl?.startsWith('http:') === true;

const SAFE_BY = ['tlsCertFile', 'publicUrl', 'trustedProxies', 'insecureHttp'] as const;

/** Plain HTTP beyond this machine that nobody has asked for. What could not be read may have been meant to prevent it. */
const isOpen = (config: Together): boolean =>
  SAFE_BY.every((key) => key in config) &&
  !staysHere(config) &&
  config.tlsCertFile === undefined &&
  !isBehindProxy(config) &&
  config.insecureHttp !== true;

/** Behind a proxy that speaks TLS, and plain HTTP with that alone. */
export const isBehindProxy = ({ publicUrl, trustedProxies = [] }: Together): boolean =>
  publicUrl?.startsWith('https:') === true && trustedProxies.length > 0;

export const staysHere = ({ listen }: Together): boolean => listen === undefined || isLoopbackHost(listen.host);

/** What stops or misleads the process is not for anybody else to use. */
function testsOnly(config: Together, name: Name): readonly string[] {
  if (staysHere(config)) return [];
  const given = [
    ...(config.testStopAt === undefined ? [] : [name('testStopAt')]),
    ...((config.testClockMs ?? 0) === 0 ? [] : [name('testClockMs')]),
  ];
  return given.map((one) => `${one} is for tests, and refused beyond loopback addresses`);
}
