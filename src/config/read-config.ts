import type { Opening } from '#domain/destination.ts';
import { type Email, parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseTenantName, type TenantName } from '#domain/tenant.ts';
import { type Address, listenAddress, networks, publicOrigin } from './address.ts';
import { postgresUrl } from './database-url.ts';
import { openings } from './openings.ts';
import {
  oneOf,
  optional,
  type Parsed,
  PREFIX,
  type Setting,
  type Texts,
  wholeNumber,
  wholeNumberFrom,
  yesOrNo,
} from './setting.ts';
import { togetherOnly } from './together.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
/** One alone is believed: a proxy that sets the one hands the client's other on as it came. */
export const PROXY_HEADERS = ['x-forwarded-for', 'forwarded'] as const;
export type ProxyHeader = (typeof PROXY_HEADERS)[number];

export type Config = {
  readonly listen: Address;
  readonly data: string;
  /** Undefined: `root.key` in the data folder. */
  readonly rootKeyFile: string | undefined;
  readonly tenant: TenantName;
  readonly adminEmail: Email | undefined;
  readonly adminPasswordFile: string | undefined;
  readonly bootstrapTokenFile: string | undefined;
  readonly logLevel: LogLevel;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  /** An origin: scheme, host, and port where it is not the scheme's own. */
  readonly publicUrl: string | undefined;
  /** Each with its length: `192.0.2.7/32`. */
  readonly trustedProxies: readonly string[];
  readonly proxyHeader: ProxyHeader;
  readonly insecureHttp: boolean;
  /** In a window of 10 seconds; 0 is no limit, as in all that follow. */
  readonly requestsPerAddressMax: number;
  readonly requestsPerTokenMax: number;
  readonly requestsPerPrincipalMax: number;
  readonly requestsPerTenantMax: number;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Requests of our own go there too, though it is no public address or is not asked by TLS. */
  readonly egressAllow: readonly Opening[];
  /** Undefined: SQLite in the data folder. It may hold a password. */
  readonly databaseUrl: Sensitive | undefined;
  readonly databaseConnectionsMax: number;
  readonly databasePooled: boolean;
  readonly staleMsMax: number;
  readonly testStopAt: string | undefined;
  readonly testClockMs: number;
};

/** The tests' own; never settings of the program, but for the two below. */
const TEST_PREFIX = 'COUNTERSIGN_TEST_';

/** Safe without any: loopback, a folder of our own. Key material and passwords are named by file, never given by variable. */
export const SETTINGS = {
  listen: {
    env: 'COUNTERSIGN_LISTEN',
    flag: 'listen',
    fallback: '127.0.0.1:7080',
    about:
      'host:port to serve on; beyond this machine only with TLS, or behind a proxy with it; port 0 for any free one',
    parse: listenAddress,
  },
  data: {
    env: 'COUNTERSIGN_DATA',
    flag: 'data',
    fallback: 'data',
    about: 'folder of the database, the lock and the control socket',
    parse: (text) => (text === '' ? { problem: 'must not be empty' } : { value: text }),
  },
  rootKeyFile: {
    env: 'COUNTERSIGN_ROOT_KEY_FILE',
    flag: 'root-key-file',
    fallback: '',
    about: 'file holding the root key, never the key itself; root.key in the data folder without it',
    parse: optional,
  },
  tenant: {
    env: 'COUNTERSIGN_TENANT',
    flag: 'tenant',
    fallback: 'default',
    about: 'name of the tenant that this instance serves',
    parse: (text) => attempted(() => parseTenantName(text)),
  },
  adminEmail: {
    env: 'COUNTERSIGN_ADMIN_EMAIL',
    flag: undefined,
    fallback: '',
    about: 'e-mail address of the administrator that an unattended first start makes',
    parse: (text) => (text === '' ? { value: undefined } : attempted(() => parseEmail(text))),
  },
  adminPasswordFile: {
    env: 'COUNTERSIGN_ADMIN_PASSWORD_FILE',
    flag: undefined,
    fallback: '',
    about: 'file holding that administrator’s password; its last line break does not count',
    parse: optional,
  },
  bootstrapTokenFile: {
    env: 'COUNTERSIGN_BOOTSTRAP_TOKEN_FILE',
    flag: 'bootstrap-token-file',
    fallback: '',
    about: 'new file for that administrator’s first personal access token',
    parse: optional,
  },
  logLevel: {
    env: 'COUNTERSIGN_LOG_LEVEL',
    flag: 'log-level',
    fallback: 'info',
    about: `least severe log line on standard error: ${LOG_LEVELS.join(', ')}`,
    parse: oneOf(LOG_LEVELS),
  },
  tlsCertFile: {
    env: 'COUNTERSIGN_TLS_CERT',
    flag: 'tls-cert',
    fallback: '',
    about: 'PEM file of the certificate, with those that lead to its root behind it',
    parse: optional,
  },
  tlsKeyFile: {
    env: 'COUNTERSIGN_TLS_KEY',
    flag: 'tls-key',
    fallback: '',
    about: 'PEM file of that certificate’s private key; others must not be able to read it',
    parse: optional,
  },
  publicUrl: {
    env: 'COUNTERSIGN_PUBLIC_URL',
    flag: 'public-url',
    fallback: '',
    about: 'what links begin with; the address that is listened on without it',
    parse: publicOrigin,
  },
  trustedProxies: {
    env: 'COUNTERSIGN_TRUSTED_PROXIES',
    flag: 'trusted-proxies',
    fallback: '',
    about: 'addresses and networks of the proxies that may say where a request comes from',
    parse: networks,
  },
  proxyHeader: {
    env: 'COUNTERSIGN_PROXY_HEADER',
    flag: undefined,
    fallback: 'x-forwarded-for',
    about: 'the one header in which they say it',
    parse: oneOf(PROXY_HEADERS),
  },
  insecureHttp: {
    env: 'COUNTERSIGN_INSECURE_HTTP',
    flag: 'insecure-http',
    bare: true,
    fallback: 'false',
    about: 'plain HTTP beyond this machine, for anybody on the way to read',
    parse: yesOrNo,
  },
  requestsPerAddressMax: {
    env: 'COUNTERSIGN_REQUESTS_PER_ADDRESS',
    flag: undefined,
    fallback: '20000',
    about: 'requests of one address in 10 seconds',
    parse: wholeNumber,
  },
  requestsPerTokenMax: {
    env: 'COUNTERSIGN_REQUESTS_PER_TOKEN',
    flag: undefined,
    fallback: '10000',
    about: 'requests by one token, with all its values, or by the sessions of one user, in 10 seconds',
    parse: wholeNumber,
  },
  requestsPerPrincipalMax: {
    env: 'COUNTERSIGN_REQUESTS_PER_PRINCIPAL',
    flag: undefined,
    fallback: '30000',
    about: 'requests by all tokens of one user in 10 seconds',
    parse: wholeNumber,
  },
  requestsPerTenantMax: {
    env: 'COUNTERSIGN_REQUESTS_PER_TENANT',
    flag: undefined,
    fallback: '100000',
    about: 'requests of one tenant in 10 seconds',
    parse: wholeNumber,
  },
  connectionsMax: {
    env: 'COUNTERSIGN_CONNECTIONS_MAX',
    flag: undefined,
    fallback: '10000',
    about: 'connections open at once',
    parse: wholeNumber,
  },
  connectionsPerAddressMax: {
    env: 'COUNTERSIGN_CONNECTIONS_PER_ADDRESS',
    flag: undefined,
    fallback: '1000',
    about: 'of those, from one address that is no trusted proxy',
    parse: wholeNumber,
  },
  egressAllow: {
    env: 'COUNTERSIGN_EGRESS_ALLOW',
    flag: undefined,
    fallback: '',
    about: 'networks and hosts that requests go to though they are not public, or without TLS',
    parse: openings,
  },
  databaseUrl: {
    env: 'COUNTERSIGN_DATABASE_URL',
    flag: undefined,
    secret: true,
    fallback: '',
    about: 'PostgreSQL in place of the file in the data folder: postgres://user@host/database',
    parse: postgresUrl,
  },
  databaseConnectionsMax: {
    env: 'COUNTERSIGN_DATABASE_CONNECTIONS',
    flag: undefined,
    fallback: '10',
    about: 'connections to PostgreSQL for requests; the change feed has two more',
    parse: wholeNumberFrom(1, 1_000),
  },
  databasePooled: {
    env: 'COUNTERSIGN_DATABASE_POOLED',
    flag: undefined,
    fallback: 'false',
    about: 'whether a pooler that lends connections for one transaction stands before it',
    parse: yesOrNo,
  },
  staleMsMax: {
    env: 'COUNTERSIGN_MAX_STALE_MS',
    flag: undefined,
    fallback: '5000',
    about: 'milliseconds for which what is remembered is believed while the change feed is not heard',
    parse: wholeNumberFrom(500, 3_600_000),
  },
  testStopAt: {
    env: 'COUNTERSIGN_TEST_STOP_AT',
    flag: undefined,
    fallback: '',
    about: 'for fault tests: the step, or steps separated by commas, at which the process kills itself',
    parse: optional,
  },
  testClockMs: {
    env: 'COUNTERSIGN_TEST_CLOCK',
    flag: undefined,
    fallback: '0',
    about: 'for fault tests: milliseconds by which the clock is ahead',
    parse: (text) => (/^-?\d{1,15}$/.test(text) ? { value: Number(text) } : { problem: 'must be a number of ms' }),
  },
} as const satisfies { readonly [Key in keyof Config]: Setting<Config[Key]> };

export type ReadConfig =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Where the text of a setting comes from. */
export type Source = 'flag' | 'environment' | 'default';
/** One setting as it was given, or was not. */
export type Given = {
  readonly key: keyof Config;
  readonly env: string;
  readonly flag: string | undefined;
  readonly source: Source;
  readonly text: string;
  /** Its text is not shown. */
  readonly isSecret: boolean;
  readonly parsed: Parsed<unknown>;
};

/** Pure: environment and flags in; a whole Config, or everything that is wrong with it, out. A flag goes before the variable. */
export function readConfig(env: Texts, flags: Texts = {}): ReadConfig {
  const given = givenSettings(env, flags);
  const config = Object.fromEntries(
    given.flatMap(({ key, parsed }) => ('value' in parsed ? [[key, parsed.value]] : [])),
  );
  const problems = [
    ...unknownSettings(env),
    ...given.flatMap((one) => ('problem' in one.parsed ? [problemWith(one, one.parsed.problem)] : [])),
    ...togetherOnly(config as Partial<Config>, nameIn(given)),
  ];
  return problems.length === 0 ? { ok: true, config: config as Config } : { ok: false, problems };
}

/** Every setting, in the order of the table. A variable that is set to nothing is not set. */
export const givenSettings = (env: Texts, flags: Texts): readonly Given[] =>
  (Object.entries(SETTINGS) as [keyof Config, Setting<unknown>][]).map(([key, setting]) => {
    const { env: name, flag, secret: isSecret = false, fallback, parse } = setting;
    const [byFlag, byVariable] = [flag === undefined ? undefined : flags[flag], env[name] || undefined];
    const source = byFlag !== undefined ? 'flag' : byVariable !== undefined ? 'environment' : 'default';
    const text = byFlag ?? byVariable ?? fallback;
    return { key, env: name, flag, source, text, isSecret, parsed: parse(text) };
  });

const problemWith = (given: Given, problem: string): string =>
  `${nameOf(given)} ${problem} (${SETTINGS[given.key].about})`;

/** The word by which somebody gave it, or could. */
const nameOf = ({ source, flag, env }: Given): string => (source === 'flag' ? `--${flag}` : env);

const nameIn =
  (all: readonly Given[]) =>
  (key: keyof Config): string =>
    all.flatMap((one) => (one.key === key ? [nameOf(one)] : [])).join();

/** A typing error must not become a default. */
const unknownSettings = (env: Texts): string[] => {
  const known = new Set<string>(Object.values(SETTINGS).map((setting) => setting.env));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !name.startsWith(TEST_PREFIX) && !known.has(name))
    .map((name) => `${name} is not a setting`);
};

function attempted<Value>(parse: () => Value): Parsed<Value> {
  try {
    return { value: parse() };
  } catch (error) {
    if (error instanceof Refusal) return { problem: `is not usable: ${error.message}` };
    throw error;
  }
}
