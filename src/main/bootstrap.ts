import { lstatSync, readFileSync, statSync } from 'node:fs';
import type { Deps } from '#app/deps.ts';
import { setUpAdministrator } from '#app/set-up/administrator.ts';
import { deliver } from '#app/set-up/deliver.ts';
import type { Config } from '#config/read-config.ts';
import { parsePassword } from '#domain/password.ts';
import { Refusal } from '#domain/refusal.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import type { Tenant } from '#domain/tenant.ts';
import { refuseUnmakeable, writeNew } from './new-file.ts';
import { naming, namingNew } from './system-refusal.ts';

type Wanted = Pick<Config, 'adminEmail' | 'adminPasswordFile' | 'bootstrapTokenFile'>;
type Say = (line: string) => void;

/** Makes the administrator on an unattended first start, and puts their token into a file; a start that was killed is finished here. */
export async function bootstrap(deps: Deps, tenant: Tenant, wanted: Wanted, say: Say): Promise<void> {
  const pending = (await deps.store.deliveries.pending(tenant.id)) !== undefined;
  if (await isSetUp(deps, tenant)) ignored(wanted, pending, say);
  else await setUpUnattended(deps, tenant, wanted, say);
  const { bootstrapTokenFile: file } = wanted;
  if (file === undefined)
    return pending ? say('A first token waits to be written: give --bootstrap-token-file again.') : undefined;
  if (await deliver(deps, tenant, (token) => putInto(file, token, deps.step))) say(`The first token is in ${file}`);
}

export const isSetUp = (deps: Deps, tenant: Tenant): Promise<boolean> =>
  deps.store.grants.anyHolds(tenant.id, 'tenant-admin');

function ignored({ adminEmail, bootstrapTokenFile }: Wanted, pending: boolean, say: Say): void {
  if (pending || (adminEmail === undefined && bootstrapTokenFile === undefined)) return;
  say('This instance is set up already: the settings of an unattended first start are ignored.');
}

async function setUpUnattended(deps: Deps, tenant: Tenant, wanted: Wanted, say: Say): Promise<void> {
  const { adminEmail: email, adminPasswordFile, bootstrapTokenFile } = wanted;
  if (email === undefined || adminPasswordFile === undefined) {
    if (bootstrapTokenFile !== undefined) throw needsAdministrator();
    return;
  }
  const password = passwordIn(adminPasswordFile);
  try {
    await setUpAdministrator(deps, tenant, { email, password, token: bootstrapTokenFile !== undefined });
  } catch (error) {
    if (await isSetUp(deps, tenant)) return; // by another process, that started at the same moment
    throw error;
  }
  say(`The administrator ${email} can sign in`);
}

function passwordIn(file: string): Sensitive {
  const text = naming(`The password file ${file}`, () => readFileSync(file, 'utf8'));
  try {
    return parsePassword(text.replace(/\r?\n$/, ''));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, `${error.message.replace(/ Choose another\.$/, '')} See the password file ${file}.`);
  }
}

/**
 * What a first start would refuse, each by itself, before there is anything that it would have to be undone with. Of a
 * later one only the database knows whether any of it counts.
 */
export const bootstrapChecks = (wanted: Wanted, dataFolder: string): readonly (() => void)[] => [
  () => refuseOwnerless(wanted),
  () => refusePassword(wanted.adminPasswordFile),
  () => refuseInTheWay(wanted.bootstrapTokenFile, dataFolder),
];

function refuseOwnerless({ adminEmail, bootstrapTokenFile }: Wanted): void {
  if (bootstrapTokenFile !== undefined && adminEmail === undefined) throw needsAdministrator();
}

/** What comes through a pipe can be read once, by whoever needs it. */
function refusePassword(file: string | undefined): void {
  if (file === undefined) return;
  const stat = naming(`The password file ${file}`, () => statSync(file));
  if (stat.isFile() || stat.isDirectory()) passwordIn(file);
}

function refuseInTheWay(file: string | undefined, dataFolder: string): void {
  if (file === undefined) return;
  const what = `The file ${file}`;
  if (naming(what, () => lstatSync(file, { throwIfNoEntry: false })) !== undefined) throw inTheWay(file);
  refuseUnmakeable(file, what, dataFolder);
}

/** Nobody else knows this token, so a file that holds it is ours, of a start that was killed; any other is never trusted. */
function putInto(file: string, token: Sensitive, step: Deps['step']): void {
  const what = `The file ${file}`;
  const put = () => writeNew(file, token.reveal(), () => step('bootstrap.part-written'));
  const written = namingNew(what, file, put);
  step('bootstrap.file-written');
  if (written || naming(what, () => readFileSync(file, 'utf8')) === token.reveal()) return;
  throw inTheWay(file);
}

const inTheWay = (file: string): Refusal =>
  new Refusal(
    'conflict',
    `${file} is in the way: it does not hold the first token. Move it elsewhere, and start again to have it written.`,
  );

const needsAdministrator = (): Refusal =>
  new Refusal(
    'invalid_request',
    'A first token needs an administrator whose it is: set COUNTERSIGN_ADMIN_EMAIL and COUNTERSIGN_ADMIN_PASSWORD_FILE.',
  );
