import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PARTS, type PartName, part } from '#support/parts.ts';
import { run, wait } from '../child.ts';

type Install = {
  /** Must be there before. */
  readonly after?: PartName;
  /** Into this folder, which is empty; outside of it where the part is the machine's. Throws the reason why not. */
  readonly into: (folder: string) => Promise<void>;
};

export const INSTALL: Readonly<Record<PartName, Install>> = {
  uv: { into: installUv },
  tfy: { after: 'uv', into: (folder) => installPython(folder, PARTS.tfy.pins) },
  'tfy-0.16.1': { after: 'uv', into: (folder) => installPython(folder, PARTS['tfy-0.16.1'].pins) },
  'sdk-0.4.0': { after: 'uv', into: (folder) => installPython(folder, PARTS['sdk-0.4.0'].pins) },
  schemathesis: { after: 'uv', into: (folder) => installPython(folder, PARTS.schemathesis.pins) },
  pyjwt: { after: 'uv', into: (folder) => installPython(folder, PARTS.pyjwt.pins) },
  gitleaks: { after: 'uv', into: (folder) => installPython(folder, PARTS.gitleaks.pins) },
  chromium: { into: () => installByApt('chromium', 'no /usr/bin/chromium') },
  tmpfs: { into: () => refuse('mounting is not allowed here: it takes root with CAP_SYS_ADMIN') },
  'older-node': { into: (folder) => installByNpm(folder, PARTS['older-node'].pins) },
  postgresql: { into: installPostgres },
  'postgresql-18': { into: installPostgres18 },
  keycloak: { into: installKeycloak },
  nginx: { into: () => installByApt('nginx-light', 'no /usr/sbin/nginx') },
  strace: { into: () => installByApt('strace', 'no /usr/bin/strace that may trace') },
  sqlite3: { into: () => installByApt('sqlite3', 'no /usr/bin/sqlite3') },
  pgbouncer: { into: () => installByApt('pgbouncer', 'no /usr/sbin/pgbouncer') },
};

const NPM = ['--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
const LOCKED_TRIES_MAX = 20;
const LOCKED_WAIT_MS = 15_000;

async function installUv(folder: string): Promise<void> {
  if ((await run('python3', ['--version'])).code !== 0) {
    await refuse('python3 is missing: install Python 3.9 or newer with venv and pip (python3-venv, python3-pip)');
  }
  await must('python3', ['-m', 'venv', '--without-pip', folder]);
  await must('python3', [
    '-m',
    'pip',
    '--python',
    join(folder, 'bin', 'python'),
    'install',
    '--quiet',
    ...PARTS.uv.pins,
  ]);
}

/** Relocatable, because it is moved to its place when it is whole; on the Python that uv has. */
async function installPython(folder: string, pins: readonly string[]): Promise<void> {
  const uv = part('uv')?.uv ?? (await refuse('uv is missing, which installs it'));
  const base = join(uv, '..', 'python');
  await must(uv, ['venv', '--quiet', '--relocatable', '--no-python-downloads', '--python', base, folder]);
  await must(uv, ['pip', 'install', '--quiet', '--python', join(folder, 'bin', 'python'), ...pins]);
}

const installByNpm = (folder: string, pins: readonly string[]): Promise<void> =>
  must('npm', ['install', '--prefix', folder, ...NPM, ...pins]);

/** Only where everything is required, because it changes the machine and not just this folder. */
async function installByApt(name: string, missing: string, before: () => void = () => {}): Promise<void> {
  if (process.env.COUNTERSIGN_TEST_REQUIRE !== 'all') {
    await refuse(`${missing}; installed by apt only with COUNTERSIGN_TEST_REQUIRE=all`);
  }
  if (process.getuid?.() !== 0) await refuse(`${missing}, and installing it by apt takes root`);
  before();
  await apt('update');
  await apt('install', '-y', '--no-install-recommends', name);
}

/** Also for the user who runs it, since it refuses root. */
async function installPostgres18(folder: string): Promise<void> {
  chmodSync(folder, 0o755);
  await installByNpm(folder, PARTS['postgresql-18'].pins);
}

/** By Maven, which must be here, as a Java of 17 or newer must. */
async function installKeycloak(folder: string): Promise<void> {
  if ((await run('java', ['--version'])).code !== 0) await refuse('java is missing: install a JRE of 17 or newer');
  const [artifact] = PARTS.keycloak.pins;
  await must('mvn', ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]);
  const zip = readdirSync(folder).find((name) => name.endsWith('.zip')) ?? (await refuse('mvn has copied no archive'));
  await must('unzip', ['-q', join(folder, zip), '-d', folder]);
  rmSync(join(folder, zip));
}

/** Without the cluster that the package makes and starts for everybody: tests have their own. */
function installPostgres(): Promise<void> {
  const settings = '/etc/postgresql-common/createcluster.conf';
  return installByApt('postgresql-15', 'no initdb and postgres of version 15 or newer', () => {
    mkdirSync(dirname(settings), { recursive: true });
    if (!existsSync(settings)) writeFileSync(settings, 'create_main_cluster = false\n');
  });
}

/** Again while another package manager runs, and after one was cut short; no service of a package is started. */
async function apt(...args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  for (let tries = 1; ; tries += 1) {
    const { code, said } = await run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], { env });
    if (code === 0) return;
    if (said.includes('dpkg was interrupted')) await run('dpkg', ['--configure', '-a'], { env });
    else if (!/[Cc]ould not get lock|[Uu]nable to (acquire|lock)/.test(said)) await refuse(lastOf('apt-get', said));
    if (tries === LOCKED_TRIES_MAX) await refuse(lastOf('apt-get', said));
    await wait(LOCKED_WAIT_MS);
  }
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, said } = await run(command, args);
  if (code !== 0) await refuse(lastOf(command, said));
}

const LINES_SHOWN = 5;
const lastOf = (command: string, said: string): string =>
  `${command} failed: ${said.trim().split('\n').slice(-LINES_SHOWN).join(' | ')}`;

function refuse(reason: string): Promise<never> {
  return Promise.reject(new Error(reason));
}
