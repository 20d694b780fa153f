import { isHere } from '#store/postgres/destination.ts';
import type { PostgresInspection, PostgresServer } from '#store/postgres/inspect.ts';
import type { Check } from './check.ts';
import { type Finding, failed, ok, spanInWords, together, warning } from './finding.ts';
import { aliveAmong } from './nodes.ts';
import type { Scene } from './scene.ts';

/** The tests run on the first and on the last of these. */
const MAJOR_TESTED = { min: 15, max: 18 } as const;
/** Older ones are refused by a start. */
const MAJOR_MIN = 14;
/** Of each process besides those for requests: the feed reads by one and listens by another. */
const FEED_CONNECTIONS = 2;
const LONG_MS = 60_000;

const serverOf = async (scene: Scene) => (await scene.postgres()).server();

const version: Check = {
  name: 'postgres-version',
  on: 'PostgreSQL',
  run: async (scene) => versionFinding(await serverOf(scene)),
};

type Version = Pick<PostgresServer, 'version' | 'spoken' | 'encoding'>;

export function versionFinding({ version: number, spoken, encoding }: Version): Finding {
  const major = Math.floor(number / 10_000);
  const { min, max } = MAJOR_TESTED;
  const words = `PostgreSQL ${spoken}, ${encoding}.`;
  if (encoding !== 'UTF8') return failed(words, "Make a database with: create database … encoding 'UTF8'.");
  if (major < MAJOR_MIN) return failed(words, `Upgrade PostgreSQL: ${MAJOR_MIN} is the oldest that will do.`);
  if (major >= min && major <= max) return ok(words);
  return warning(words, `Use PostgreSQL ${min} to ${max}: Countersign is tested on ${min} and on ${max}.`);
}

/** What a crash of the machine does where it is off. */
const LOST_WITHOUT = {
  fsync: 'the whole database may be damaged',
  full_page_writes: 'pages that were half written stay damaged',
  synchronous_commit: 'the last commits are gone, tokens and revocations that were answered among them',
} as const;

const durability: Check = {
  name: 'postgres-durability',
  on: 'PostgreSQL',
  async run(scene) {
    const { settings } = await serverOf(scene);
    const off = (Object.keys(LOST_WITHOUT) as (keyof typeof LOST_WITHOUT)[]).filter((name) => settings[name] === 'off');
    if (off.length === 0) return ok('What was committed survives a crash of its machine.');
    const told = off.map((name) => `${name} is off: after a crash of its machine, ${LOST_WITHOUT[name]}.`);
    const statements = off.map((name) => `alter system set ${name} = on;`);
    return failed(
      told.join(' '),
      `As its superuser: ${statements.join(' ')} select pg_reload_conf(). Where it stays off, see alter role and alter database.`,
    );
  },
};

const role: Check = {
  name: 'postgres-role',
  on: 'PostgreSQL',
  async run(scene) {
    const { isStandby } = await serverOf(scene);
    if (!isStandby) return ok('It takes writes.');
    return failed('It is a standby, which takes no writes.', 'Name the primary in COUNTERSIGN_DATABASE_URL.');
  },
};

const connections: Check = {
  name: 'postgres-connections',
  on: 'PostgreSQL',
  async run(scene) {
    const [{ connectionsMax }, database] = [await serverOf(scene), await scene.tables()];
    const { databaseConnectionsMax: each, databasePooled } = scene.config;
    const nodes = Math.max(1, aliveAmong(await database.nodes.list()).length);
    const needed = nodes * (each + FEED_CONNECTIONS);
    const words = `${nodes} × (${each} + ${FEED_CONNECTIONS}) connections may be wanted, and ${connectionsMax} may be had.`;
    if (needed <= connectionsMax || databasePooled) return ok(words); // a pooler lends fewer
    return warning(
      words,
      'Lower COUNTERSIGN_DATABASE_CONNECTIONS of each server, or raise max_connections (or the limit of the user or the database).',
    );
  },
};

const tls: Check = {
  name: 'postgres-tls',
  on: 'PostgreSQL',
  async run(scene) {
    const { tls: said, at } = await scene.postgres();
    return tlsFinding(said, at.host);
  },
};

export function tlsFinding({ isEncrypted, isVerified }: PostgresInspection['tls'], host: string): Finding {
  if (isVerified) return ok(`Spoken to by TLS, with a certificate of ${host} that is trusted.`);
  if (isHere(host)) return ok('It is on this machine: nothing is on the way.');
  if (isEncrypted)
    return warning(
      `TLS, but nobody has looked whether the certificate is that of ${host}: whoever is on the way can be the database.`,
      'Set sslmode=verify-full in COUNTERSIGN_DATABASE_URL, and sslrootcert=FILE where its issuer is not generally trusted.',
    );
  return failed(
    `Spoken to without TLS: whoever is on the way to ${host} reads and changes everything.`,
    'Set sslmode=verify-full in COUNTERSIGN_DATABASE_URL.',
  );
}

const session: Check = {
  name: 'postgres-session',
  on: 'PostgreSQL',
  async run(scene) {
    const postgres = await scene.postgres();
    if ((await postgres.server()).isStandby) return failed('Nobody can listen on a standby.', 'See postgres-role.');
    const { isHeard, keepsPrepared } = await postgres.session();
    return sessionFinding(scene.config.databasePooled, isHeard, keepsPrepared);
  },
};

const POOLED = 'Set COUNTERSIGN_DATABASE_POOLED=true, or connect past the pooler.';

export function sessionFinding(pooled: boolean, isHeard: boolean, keepsPrepared: boolean): Finding {
  if (pooled && isHeard && keepsPrepared)
    return ok('Sessions last, and words are heard: without COUNTERSIGN_DATABASE_POOLED changes would be heard sooner.');
  if (pooled) return ok('A pooler lends sessions for one transaction, and the settings say so.');
  return together([
    keepsPrepared
      ? ok('Prepared statements last.')
      : failed('Prepared statements do not last: a pooler lends sessions for one transaction.', POOLED),
    isHeard
      ? ok('What others say is heard (LISTEN).')
      : warning('LISTEN hears nothing: a pooler stands between, and changes are only found by asking.', POOLED),
  ]);
}

const vacuum: Check = {
  name: 'postgres-vacuum',
  on: 'PostgreSQL',
  async run(scene) {
    const postgres = await scene.postgres();
    const [{ settings }, { count, oldestMs }] = [await postgres.server(), await postgres.longTransactions(LONG_MS)];
    return together([
      settings.autovacuum === 'on'
        ? ok('Autovacuum is on.')
        : warning(
            'Autovacuum is off: tables grow without an end, and one day the database stops taking writes.',
            'As its superuser: alter system set autovacuum = on; alter system set track_counts = on; select pg_reload_conf().',
          ),
      count === 0
        ? ok('No transaction holds it back.')
        : warning(
            `${count} transactions are open for longer than ${spanInWords(LONG_MS)}, one for ${spanInWords(oldestMs)}: what was deleted since stays.`,
            'See pg_stat_activity and pg_prepared_xacts, and end what nobody needs (pg_terminate_backend, rollback prepared).',
          ),
    ]);
  },
};

export const POSTGRES_CHECKS: readonly Check[] = [...[version, durability, role, connections, tls, session, vacuum]];
