import { type Email, parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { parseTenantName, type TenantName } from '#domain/tenant.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type Address = { readonly host: string; readonly port: number };

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
  readonly testStopAt: string | undefined;
  readonly testClockMs: number;
};

type Parsed<Value> = { readonly value: Value } | { readonly problem: string };
type Setting<Value> = {
  readonly env: `${typeof PREFIX}${string}`;
  /** The word behind `--` for `countersign serve`, where there is one. */
  readonly flag: string | undefined;
  readonly fallback: string;
  readonly about: string;
  readonly parse: (text: string) => Parsed<Value>;
};
type Texts = Readonly<Record<string, string | undefined>>;

const PREFIX = 'COUNTERSIGN_';
/** The tests' own; never settings of the program, but for the two below. */
const TEST_PREFIX = 'COUNTERSIGN_TEST_';
const ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/i;
/** By number, but for one name: any other, 127.999.1.1 too, would be looked up, and be what somebody else says. */
const LOOPBACK = /^(?:127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}|::1|localhost)$/;
const PORT_MAX = 65_535;

/** Safe without any: loopback, a folder of our own. Key material and passwords are named by file, never given by variable. */
export const SETTINGS = {
  listen: {
    env: 'COUNTERSIGN_LISTEN',
    flag: 'listen',
    fallback: '127.0.0.1:7080',
    about: 'host:port to serve on, loopback only; port 0 for any free one',
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
    parse: (text) => {
      const value = LOG_LEVELS.find((level) => level === text);
      return value === undefined ? { problem: `must be one of ${LOG_LEVELS.join(', ')}` } : { value };
    },
  },
  testStopAt: {
    env: 'COUNTERSIGN_TEST_STOP_AT',
    flag: undefined,
    fallback: '',
    about: 'for fault tests: the step at which the process kills itself',
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

/** Pure: environment and flags in; a whole Config, or everything that is wrong with it, out. A flag goes before the variable. */
export function readConfig(env: Texts, flags: Texts = {}): ReadConfig {
  const problems = unknownSettings(env);
  const config: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(SETTINGS) as [keyof Config, Setting<unknown>][]) {
    const parsed = setting.parse(given(setting, env, flags) ?? setting.fallback);
    if ('value' in parsed) config[key] = parsed.value;
    else problems.push(`${nameIn(setting, flags)} ${parsed.problem} (${setting.about})`);
  }
  problems.push(...togetherOnly(config));
  return problems.length === 0 ? { ok: true, config: config as Config } : { ok: false, problems };
}

/** A variable that is set to nothing is not set. */
const given = ({ env: name, flag }: Setting<unknown>, env: Texts, flags: Texts): string | undefined =>
  (flag === undefined ? undefined : flags[flag]) ?? (env[name] || undefined);

const nameIn = ({ env, flag }: Setting<unknown>, flags: Texts): string =>
  flag !== undefined && flags[flag] !== undefined ? `--${flag}` : env;

/** A typing error must not become a default. */
const unknownSettings = (env: Texts): string[] => {
  const known = new Set<string>(Object.values(SETTINGS).map((setting) => setting.env));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !name.startsWith(TEST_PREFIX) && !known.has(name))
    .map((name) => `${name} is not a setting`);
};

function togetherOnly({ adminEmail, adminPasswordFile }: Record<string, unknown>): readonly string[] {
  const [email, file] = [SETTINGS.adminEmail.env, SETTINGS.adminPasswordFile.env];
  if ((adminEmail === undefined) === (adminPasswordFile === undefined)) return [];
  return [adminEmail === undefined ? `${file} needs ${email} beside it` : `${email} needs ${file} beside it`];
}

function optional(text: string): Parsed<string | undefined> {
  return { value: text === '' ? undefined : text };
}

function listenAddress(text: string): Parsed<Address> {
  const [, v6, name = '', port] = ADDRESS.exec(text) ?? [];
  const address = { host: v6 ?? name, port: Number(port) };
  if (port === undefined || address.port > PORT_MAX)
    return { problem: 'must be host:port, as 127.0.0.1:7080 or [::1]:7080' };
  if (LOOPBACK.test(address.host)) return { value: address };
  return { problem: 'must be a loopback address: others need TLS, which this version does not have yet' };
}

function attempted<Value>(parse: () => Value): Parsed<Value> {
  try {
    return { value: parse() };
  } catch (error) {
    if (error instanceof Refusal) return { problem: `is not usable: ${error.message}` };
    throw error;
  }
}
