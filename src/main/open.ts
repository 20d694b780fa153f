import { call } from '#api/call.ts';
import { enter, type FormId } from '#api/enter.ts';
import { forward } from '#api/forward.ts';
import type { Api, Site } from '#api/handler.ts';
import { present } from '#api/present.ts';
import { visited } from '#api/visited.ts';
import { Denials } from '#app/audit/denials.ts';
import type { Deps } from '#app/deps.ts';
import { KeySets } from '#app/identity-provider/key-sets.ts';
import { readMetrics } from '#app/metrics/read.ts';
import { Attempts } from '#app/session/attempts.ts';
import { Feed } from '#app/token/feed.ts';
import { Strangers } from '#app/token/strangers.ts';
import { Uses } from '#app/token/uses.ts';
import { VerifiedCredentials } from '#app/token/verified-credentials.ts';
import { verifySession, verifyToken } from '#app/token/verify.ts';
import { Counts } from '#domain/counts.ts';
import type { Core } from '#http/core.ts';
import { httpServer, type Terms } from '#http/server.ts';
import { Traffic } from '#http/traffic.ts';
import type { Outbound } from '#ports/outbound.ts';
import { metricsOf } from '#telemetry/metrics-scrape.ts';
import { documents } from './pages.ts';
import { watchProcess } from './watch-process.ts';

type Parts = Pick<Deps, 'store' | 'keyring' | 'wrapper' | 'clock' | 'random' | 'issuer' | 'step' | 'node'> & {
  readonly outbound: Outbound;
  readonly staleMsMax: number;
};

/** Tells the requests of this run from those of any other, at no cost for each. */
const RUN_ID_BYTES = 9;
const SALT_BYTES = 16;

/** Everything the core needs, from the parts that differ between production and a test. */
export async function openDeps({ staleMsMax, outbound, ...parts }: Parts): Promise<Deps> {
  const feed = new Feed(parts.clock, { isShared: parts.store.isShared, staleMsMax });
  const salt = Buffer.from(parts.random.bytes(SALT_BYTES)).toString('hex');
  return {
    ...parts,
    feed,
    verified: new VerifiedCredentials(salt, await parts.store.changes.latest(), feed),
    uses: new Uses(),
    denials: new Denials(),
    attempts: new Attempts(),
    strangers: new Strangers(),
    keySets: new KeySets(outbound, parts.clock),
    counts: new Counts(),
  };
}

/** Prometheus' text exposition format. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Http = {
  readonly site: Site;
  readonly pages: Core['pages'];
  readonly report: Core['report'];
  readonly terms?: Terms;
};

export function openHttp(deps: Deps, { site, pages, report, terms }: Http) {
  const api: Api = { ...deps, site };
  const run = Buffer.from(deps.random.bytes(RUN_ID_BYTES)).toString('base64url');
  let requests = 0;
  const traffic = new Traffic(() => deps.clock.moment().elapsedMs);
  const document = documents(site.version);
  const watched = watchProcess();
  const metrics = metricsOf({ ...deps, traffic, version: site.version, process: watched.figures });
  const core: Core = {
    verifyToken: (token, origin) => verifyToken(deps, token, origin),
    verifySession: (cookie, origin) => verifySession(deps, cookie, origin),
    call: (caller, id, untrusted, once) => call(api, caller, id, untrusted, once),
    enter: (id, body, by) => enter(api, id as FormId, body, by), // only those with a body are entered
    present: (id, form, by) => present(api, id, form, by),
    forward: (id, caller, demands) => forward(api, id, caller, demands),
    metrics: async (caller) => ({ type: METRICS_TYPE, body: await readMetrics(deps, site.tenant, caller, metrics) }),
    document: async (visitor) => document(await visited(api, visitor)),
    traffic,
    now: () => deps.clock.now(),
    newRequestId: () => `${run}-${++requests}`,
    ...{ pages, report },
  };
  return httpServer(core, terms).addHook('onClose', async () => watched.stop());
}
