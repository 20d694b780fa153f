// One server under test, in a process of its own, told by messages what to do.
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parse as parseForm } from 'node:querystring';
import { DatabaseSync } from 'node:sqlite';
import { fastify } from 'fastify';
import * as z from 'zod';
import { flush } from '#app/flush.ts';
import { originOf } from '#app/program-caller.ts';
import { verifyToken } from '#app/token/verify.ts';
import { ENTRANCES } from '#contract/entrances.ts';
import { OPERATIONS } from '#contract/operations.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { runDueJobs } from '#jobs/worker.ts';
import { openHttp } from '#main/open.ts';
import { VERSION } from '#main/version.ts';
import { countStatements } from './statements.ts';
import { newPat, ORIGIN, openWorld } from './world.ts';

/** What a bare server answers, and to whom. */
type Bare = { readonly token: string; readonly path: string; readonly answer: string };
export type Begin =
  | (Bare & { readonly kind: 'node' | 'fastify' })
  /** The same for whoever presents this token in a form. */
  | (Bare & { readonly kind: 'introspector'; readonly presented: string })
  /** A table of so many rows that one row is added to by each commit. */
  | { readonly kind: 'inserts'; readonly folder: string; readonly rows: number }
  | { readonly kind: 'countersign'; readonly folder: string };
export type Asks = {
  cpu: { given: object; answer: { readonly cpuMs: number } };
  count: { given: object; answer: object };
  counted: { given: object; answer: { readonly statements: number; readonly commits: number } };
  /** In this process, by so many at once, without HTTP. */
  work: {
    given: { readonly ms: number; readonly atOnce: number; readonly token: string };
    answer: { readonly answers: number; readonly ms: number; readonly delayMs: number };
  };
};

const HOST = '127.0.0.1';
/** As `serve` does. */
const FLUSH_MS = 1_000;

type Served = {
  readonly origin: string;
  /** One piece of work at a time. */
  readonly work?: (token: string) => Promise<() => Promise<unknown>>;
  /** Nothing is written behind while statements are counted for requests. */
  readonly quiet?: (isQuiet: boolean) => Promise<unknown>;
  close(): Promise<unknown>;
};

const SERVERS = {
  node: serveNode,
  fastify: serveFastify,
  introspector: serveIntrospector,
  inserts: serveInserts,
  countersign: serveCountersign,
} satisfies { readonly [Kind in Begin['kind']]: (begin: Begin & { kind: Kind }) => Promise<Served> };

const digestOf = (authorization: string | undefined) => hash('sha256', authorization ?? '', 'base64');

/** The least that an authenticated answer can do: digest, look up, answer. */
async function serveNode({ token, answer }: Bare): Promise<Served> {
  const known = new Map([[digestOf(`Bearer ${token}`), JSON.parse(answer)]]);
  const server = createServer((request, response) => {
    const body = JSON.stringify(known.get(digestOf(request.headers.authorization)));
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body);
  });
  await once(server.listen(0, HOST), 'listening');
  const { port } = server.address() as AddressInfo;
  return { origin: `http://${HOST}:${port}`, close: async () => server.close() };
}

/** The same, and with the serialiser that the program's own answer goes through. */
async function serveFastify({ token, path, answer }: Bare): Promise<Served> {
  const known = new Map([[digestOf(`Bearer ${token}`), JSON.parse(answer)]]);
  const schema = { response: { 200: z.toJSONSchema(OPERATIONS.ownWhoami.output, { target: 'draft-7' }) } };
  const server = fastify();
  server.get(path, { schema }, async (request) => known.get(digestOf(request.headers.authorization)));
  return { origin: await server.listen({ port: 0, host: HOST }), close: () => server.close() };
}

/** The least that an authenticated introspection can do: a form, two digests, two look-ups, the program’s own serialiser. */
async function serveIntrospector({ token, path, answer, presented }: Bare & { presented: string }): Promise<Served> {
  const askers = new Set([digestOf(`Bearer ${token}`)]);
  const known = new Map([[digestOf(presented), JSON.parse(answer)]]);
  const schema = { response: { 200: z.toJSONSchema(ENTRANCES.introspect.answer, { target: 'draft-7' }) } };
  const server = fastify();
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, parseForm(String(body))),
  );
  server.post(path, { schema }, async ({ headers, body }) => {
    if (!askers.has(digestOf(headers.authorization))) throw new Error('nobody of that token may ask');
    return known.get(digestOf((body as { token?: string }).token)) ?? { active: false };
  });
  return { origin: await server.listen({ port: 0, host: HOST }), close: () => server.close() };
}

/** One durable row a request or a turn: what a create could cost at least. */
async function serveInserts({ folder, rows }: Begin & { kind: 'inserts' }): Promise<Served> {
  const database = new DatabaseSync(join(folder, `bare-${rows}.db`));
  database.exec(`pragma journal_mode = wal; pragma synchronous = full;
    create table token (id integer primary key, digest blob not null unique, subject text not null, created_at integer not null);
    with recursive n (i) as (select 1 union all select i + 1 from n where i < ${rows})
    insert into token (digest, subject, created_at) select randomblob(32), hex(randomblob(12)), i from n;
    pragma wal_checkpoint(truncate)`);
  const statement = database.prepare('insert into token (digest, subject, created_at) values (randomblob(32), ?, ?)');
  const insert = () => statement.run('abcdefghijklmnopqrstuvwx', 1);
  const server = fastify();
  server.post('/', async () => ({ token: String(insert().lastInsertRowid) }));
  const close = async () => {
    await server.close();
    database.close();
  };
  return { origin: await server.listen({ port: 0, host: HOST }), work: async () => async () => insert(), close };
}

async function serveCountersign({ folder }: Begin & { kind: 'countersign' }): Promise<Served> {
  const world = await openWorld(folder);
  const { deps, tenant } = world;
  const site = { tenant, version: VERSION, origin: () => ORIGIN };
  const report = (error: unknown) => void process.stderr.write(`${String(error)}\n`);
  const server = openHttp(deps, { site, pages: {}, report });
  let isQuiet = false;
  const writeBehind = async () => {
    await flush(deps);
    await runDueJobs(deps);
  };
  const flushing = setInterval(() => isQuiet || writeBehind().catch(report), FLUSH_MS);
  const quiet = async (is: boolean) => {
    isQuiet = is;
    await writeBehind();
  };
  let made = 0;
  const work = async (token: string) => {
    const verified = await verifyToken(deps, new Sensitive(token), originOf('rest'));
    if (!verified.ok) throw new Error(`the token of the bench is ${verified.reason}`);
    return () => newPat(deps, verified.caller, `work-${process.pid}-${made++}-x`);
  };
  const close = async () => {
    clearInterval(flushing);
    await server.close();
    await world.close();
  };
  return { origin: await server.listen({ port: 0, host: HOST }), work, quiet, close };
}

type Answers = { readonly [Ask in keyof Asks]: (given: Asks[Ask]['given']) => Promise<Asks[Ask]['answer']> };

function answersOf({ work, quiet }: Served): Answers {
  let counting: ReturnType<typeof countStatements> | undefined;
  return {
    cpu: async () => {
      const { user, system } = process.cpuUsage();
      return { cpuMs: (user + system) / 1000 };
    },
    count: async () => {
      await quiet?.(true);
      counting = countStatements();
      return {};
    },
    counted: async () => {
      const counted = counting?.stop() ?? { statements: 0, commits: 0 };
      await quiet?.(false);
      return counted;
    },
    work: async ({ ms, atOnce, token }) => {
      if (work === undefined) throw new Error('this server does nothing without HTTP');
      return working(await work(token), atOnce, ms);
    },
  };
}

async function working(one: () => Promise<unknown>, atOnce: number, ms: number): Promise<Asks['work']['answer']> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begunAt = performance.now();
  let answers = 0;
  const worker = async () => {
    for (; performance.now() - begunAt < ms; answers++) await one();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { answers, ms: performance.now() - begunAt, delayMs: delay.percentile(99) / 1e6 };
}

const [begin] = (await once(process, 'message')) as [Begin];
const served = await (SERVERS[begin.kind] as (begin: Begin) => Promise<Served>)(begin);
const answers = answersOf(served);
process.on('message', async ({ ask, given }: { ask: keyof Asks; given: never }) =>
  process.send?.(await answers[ask](given)),
);
process.once('disconnect', () => served.close());
process.send?.({ origin: served.origin });
