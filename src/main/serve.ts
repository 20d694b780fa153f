import type { Server as SecureServer } from 'node:https';
import type { Site } from '#api/handler.ts';
import { homeOf } from '#api/visited.ts';
import type { Deps } from '#app/deps.ts';
import { flush } from '#app/flush.ts';
import { acknowledge, leave } from '#app/node/acknowledge.ts';
import { type Rotated, rotateSigningKey, withdrawSigningKeys } from '#app/signing-key/rotate.ts';
import { refuseRival } from '#app/tenant/at.ts';
import type { Address } from '#config/address.ts';
import type { Config } from '#config/read-config.ts';
import { parseId } from '#domain/id.ts';
import { Refusal } from '#domain/refusal.ts';
import { listJobs, retryJob } from '#jobs/operate.ts';
import type { Log } from '#telemetry/log.ts';
import { checksBeforeStart } from './before-start.ts';
import { bootstrap, isSetUp } from './bootstrap.ts';
import { type Control, removeDeadSockets, serveControl, type Way, wordsIn } from './control.ts';
import { socketsIn } from './data-folder.ts';
import { follow } from './follow.ts';
import { healthOf, type WatchedLog, watchedLog } from './health.ts';
import { type Instance, openInstance } from './instance.ts';
import { passwordLink, setUpLink, tenantNamed } from './links.ts';
import { hostOf, termsOf, tlsFilesIn, warningsOf } from './network.ts';
import { openHttp } from './open.ts';
import { originOf, siteOrigin } from './origin.ts';
import { readPages } from './pages.ts';
import { addressRefusal } from './system-refusal.ts';
import { tenantsControl } from './tenants-control.ts';
import { openTls } from './tls.ts';
import { VERSION } from './version.ts';
import { workOnJobs } from './work.ts';

type Http = ReturnType<typeof openHttp>;
type Say = (line: string) => void;
export type Served = { readonly origin: string; stop(): Promise<void> };

/** How often what was left to be written behind is written; last uses and denials are gathered for up to a minute before. */
const FLUSH_MS = 1_000;
/** How long answers under way may take once we stop. */
const DRAIN_MS_MAX = 10_000;
const SWEEP_MS = 100;

/** Opens everything, sets up what is missing, listens. */
export async function serve(config: Config, say: Say, log: Log): Promise<Served> {
  const files = tlsFilesIn(config);
  const secured = files === undefined ? undefined : openTls(files, hostOf(config)); // before anything is made in the data folder
  for (const check of checksBeforeStart(config)) check();
  const place = { origin: config.publicUrl ?? '' };
  const instance = await openInstance(config, () => place.origin);
  try {
    return await served({ ...instance, place, secured }, config, say, watchedLog(log));
  } catch (error) {
    await leave(instance.deps);
    await instance.close();
    throw error;
  }
}

/** Where it is reached, and how; the former is known once it listens. */
type Place = {
  readonly place: { origin: string };
  readonly secured: ReturnType<typeof openTls> | undefined;
};

async function served(instance: Instance & Place, config: Config, say: Say, log: WatchedLog): Promise<Served> {
  const { deps, tenant, folder, close, place, secured } = instance;
  const scheme = secured === undefined ? 'http' : 'https';
  await refuseRival(deps, { tenant, origin: siteOrigin(config.publicUrl, config.listen, scheme) });
  await bootstrap(deps, tenant, config, say);
  if (deps.store.isShared) await acknowledge(deps); // whoever waits for all must know of us before we accept anything
  const site: Site = { tenant, version: VERSION, origin: () => place.origin };
  const report = (error: unknown, requestId: string) => log.failed(error, { requestId });
  const server = openHttp(deps, { site, pages: readPages(), report, terms: termsOf(config, secured?.tls) });
  const ways: Way[] = [wayOf(server)];
  try {
    const listened = { host: config.listen.host, port: await listening(server, config.listen) };
    place.origin = siteOrigin(config.publicUrl, listened, scheme);
    await removeDeadSockets(socketsIn(config.data));
    const health = async () => JSON.stringify(healthOf({ deps, listens: originOf(listened, scheme), log }));
    ways.push(await serveControl(folder.socket, { ...controlOf(deps, site), health }, log));
    for (const line of [...warningsOf(config, listened), ...(secured?.warnings ?? [])]) say(`WARNING: ${line}`);
    say(`Countersign listens on ${originOf(listened, scheme)}`);
    const link = (await isSetUp(deps, tenant)) ? undefined : await firstLink(deps, site);
    if (link !== undefined) say(`Make yourself its administrator, within 15 minutes: ${link}`);
  } catch (error) {
    await closed(ways); // a way in that stays open would keep the process
    throw error;
  }
  const background = startBackground(deps, config, log);
  const following = secured?.follow((tls) => (server.server as SecureServer).setSecureContext(tls), log);
  const stop = async () => {
    following?.stop();
    await closed(ways);
    await background.stop();
    await close();
  };
  return { origin: place.origin, stop };
}

const wayOf = (http: Http): Way => ({
  close: () => http.close(),
  sweep: () => http.server.closeIdleConnections(),
  cut: () => http.server.closeAllConnections(),
});

/** Jobs, what is written behind, and what others changed: what goes on beside requests. It ends once they are answered. */
function startBackground(deps: Deps, config: Config, log: Log): { stop(): Promise<void> } {
  const working = workOnJobs(deps, log);
  const flushing = flushRegularly(deps, log, () => working.wake());
  const heard = follow(deps, { pooled: config.databasePooled }, log);
  return {
    async stop() {
      await flushing.stop();
      await flush(deps, true).catch((error) => log.failed(error));
      await working.stop();
      await heard.stop();
    },
  };
}

/** Once all that is under way is answered, or cut off. */
async function closed(ways: readonly Way[]): Promise<void> {
  const late = setTimeout(() => {
    for (const { cut } of ways) cut();
  }, DRAIN_MS_MAX);
  // A client that was answered meanwhile would keep its connection, and us, for a next request that is not taken.
  const swept = setInterval(() => {
    for (const { sweep } of ways) sweep();
  }, SWEEP_MS);
  await Promise.all(ways.map(({ close }) => close()));
  clearInterval(swept);
  clearTimeout(late);
}

const controlOf = (deps: Deps, site: Site): Omit<Control, 'health'> => ({
  'setup-link': async (name) => setUpLink(deps, homeOf(site), await tenantNamed(deps, homeOf(site), name), 'operator'),
  'password-link': async (said) => {
    const [email = '', name] = wordsIn(said);
    return passwordLink(deps, homeOf(site), await tenantNamed(deps, homeOf(site), name), email);
  },
  'rotate-signing-key': async () => inWords(await rotateSigningKey(deps, site.tenant)),
  'withdraw-signing-keys': async () => inWords(await withdrawSigningKeys(deps, site.tenant)),
  jobs: async () => JSON.stringify(await listJobs(deps, site.tenant)),
  'jobs-retry': async (id) => {
    await retryJob(deps, site.tenant, parseId(id));
    return `The job ${id} runs within a second or two. To see it: countersign jobs`;
  },
  ...tenantsControl(deps, () => homeOf(site)),
});

const inWords = ({ made, signsAt, dropped, ended, unproved }: Rotated): string =>
  [
    `The key ${made} is published now, and signs from ${new Date(signsAt).toISOString()} on.`,
    ...dropped.map((id) => `The key ${id} is gone.`),
    ...(ended === 0 ? [] : [`${ended} JWTs have ended with the keys that signed them.`]),
    ...unproved.map(
      (id) =>
        `The row ${id} does not prove itself: it is refused, and was left as it is. See: countersign doctor --deep`,
    ),
  ].join('\n');

/** Undefined where another node has got an administrator in this moment. */
const firstLink = (deps: Deps, site: Site): Promise<string | undefined> =>
  setUpLink(deps, homeOf(site), site.tenant, 'setup').catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'conflict') return undefined;
    throw error;
  });

async function listening(server: Http, { host, port }: Address): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    throw addressRefusal(error, `The address ${host}:${port}`);
  }
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** One at a time; what fails stays, and is tried again. Of an outage the log tells once, and once that it is over. */
function flushRegularly(deps: Deps, log: Log, flushed: () => void): { stop(): Promise<void> } {
  let under: Promise<void> | undefined;
  let failing = false;
  let told = 0;
  const run = async () => {
    const error = await flush(deps).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error !== undefined && !failing) log.failed(error);
    if (error === undefined && failing) log.info('what waited to be written is written');
    failing = error !== undefined;
    if (error === undefined) flushed();
    under = undefined;
    if (deps.strangers.total > told) log.info('unknown credentials were presented', { total: deps.strangers.total });
    told = deps.strangers.total;
  };
  const timer = setInterval(() => {
    under ??= run();
  }, FLUSH_MS).unref();
  return {
    async stop() {
      clearInterval(timer);
      await under; // or the store would be closed under it
    },
  };
}
