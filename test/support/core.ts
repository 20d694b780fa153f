import { onTestFinished } from 'vitest';
import { Denials } from '#app/audit/denials.ts';
import type { Deps } from '#app/deps.ts';
import { KeySets } from '#app/identity-provider/key-sets.ts';
import { newId } from '#app/new-id.ts';
import { Attempts } from '#app/session/attempts.ts';
import { newSession } from '#app/session/issue.ts';
import { createPat } from '#app/token/create.ts';
import { Feed } from '#app/token/feed.ts';
import { Strangers } from '#app/token/strangers.ts';
import { Uses } from '#app/token/uses.ts';
import { VerifiedCredentials } from '#app/token/verified-credentials.ts';
import { verifySession, verifyToken } from '#app/token/verify.ts';
import { makeKey, openKeyring } from '#crypto/keyring.ts';
import { KINDS } from '#crypto/keys.ts';
import { rowMacs } from '#crypto/row-mac.ts';
import type { AuditEntry } from '#domain/audit.ts';
import type { Caller, Origin } from '#domain/caller.ts';
import { Counts } from '#domain/counts.ts';
import { onTenant } from '#domain/grant.ts';
import type { Instant } from '#domain/instant.ts';
import { type PrincipalId, parseEmail } from '#domain/principal.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { type BuiltInRoleId, builtIn } from '#domain/role.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseTenantName, type Tenant } from '#domain/tenant.ts';
import { parseTokenName, type TokenFormat } from '#domain/token.ts';
import { fileWrapper } from '#key-wrapper/file/wrapper.ts';
import type { KeyPurpose, KeyWrapper } from '#ports/key-wrapper.ts';
import type { WrappedKey } from '#ports/keys.ts';
import type { NodeId } from '#ports/nodes.ts';
import type { Outbound } from '#ports/outbound.ts';
import type { Database } from '#store/database.ts';
import { maced } from '#store/sql/maced.ts';
import type { Schema } from '#store/sql/schema.ts';
import { openTestDatabase } from './database.ts';
import { countingRandom, fixedClock } from './fixed.ts';
import type { Raw } from './raw.ts';

/** Of no password, and of a hash's form: whoever tries one is wrong, and breaks nothing. */
export const NOBODYS = `$argon2id$v=19$m=8,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Where the callers of tests come from. */
export const ORIGIN: Origin = {
  surface: 'rest',
  address: '192.0.2.7',
  userAgent: 'a test',
  requestId: 'request-1',
};

/** Who signs the tokens of tests. */
export const ISSUER = 'https://countersign.example';

const ROOT_KEY = Buffer.alloc(32, 1);

type Around = { readonly outbound?: Outbound };

/** The core on a real database; only time and chance are ours. */
export async function openCore({ outbound = NOTHING_OUTSIDE }: Around = {}) {
  const clock = fixedClock();
  const random = countingRandom();
  const wrapper = fileWrapper(ROOT_KEY, random);
  const { database, raw, onDisk, again } = await openTestDatabase(clock.now());
  const keyring = await begun(database, wrapper, { clock, random });
  const store = database.store(rowMacs(keyring));
  const feed = new Feed(clock, { isShared: store.isShared, staleMsMax: 5_000 });
  const memory = { verified: new VerifiedCredentials('salt', 0), uses: new Uses(), denials: new Denials() };
  const deps: Deps = {
    store,
    keyring,
    wrapper,
    clock,
    random,
    ...memory,
    feed,
    node: { id: 'n'.repeat(24) as NodeId, name: 'here' },
    attempts: new Attempts(),
    strangers: new Strangers(),
    keySets: new KeySets(outbound, clock),
    counts: new Counts(),
    issuer: () => ISSUER,
    step: () => {},
  };
  onTestFinished(() => store.close());
  const tenant: Tenant = { id: newId(deps), name: parseTenantName('default') };
  await store.transact((tx) => tx.tenants.insert(tenant));
  await addKey(deps, 'tenant-kek', tenant);
  const past = pastThePort(raw);
  const deactivate = ({ principal }: Caller) => deactivated(past, deps, principal.id);
  return { clock, random, onDisk, again, deps, tenant, ...people(deps, tenant), ...past, deactivate };
}

/** Where a test has nobody to ask. */
const NOTHING_OUTSIDE: Outbound = { getJson: async () => ({ ok: false, reason: 'unreachable' }) };

export type Core = Awaited<ReturnType<typeof openCore>>;

async function begun(database: Database, wrapper: KeyWrapper, { clock, random }: Pick<Deps, 'clock' | 'random'>) {
  const make = (purpose: KeyPurpose) =>
    makeKey(wrapper, { id: newId({ random }), purpose, tenant: undefined, createdAt: clock.now() }, random);
  const made = [await make('token-pepper'), await make('row-mac')];
  const signing = await signingKey(wrapper, { random, clock });
  const shelf = { fingerprint: wrapper.fingerprint, keys: [...made.map(({ wrapped }) => wrapped), signing] };
  return openKeyring(wrapper, (await database.keys.begin(shelf)).keys);
}

/** The same for every core: making a pair takes a tenth of a second. */
let pair: Promise<Uint8Array> | undefined;

async function signingKey(wrapper: KeyWrapper, { random, clock }: Pick<Deps, 'clock' | 'random'>): Promise<WrappedKey> {
  pair ??= KINDS['token-signing'].make(random);
  const place = {
    id: newId<'Key'>({ random }),
    purpose: 'token-signing',
    tenant: undefined,
    createdAt: clock.now(),
  } as const;
  return { ...place, wrapped: await wrapper.wrap(await pair, place) };
}

/** One more key of a purpose, newest from now on. */
export async function addKey(deps: Deps, purpose: KeyPurpose, tenant?: Tenant): Promise<void> {
  const making = { id: newId<'Key'>(deps), purpose, tenant: tenant?.id, createdAt: deps.clock.now() };
  const { wrapped, bytes } = await makeKey(deps.wrapper, making, deps.random);
  await deps.store.transact((tx) => tx.keys.insert(wrapped));
  deps.keyring.hold(making, bytes);
}

function people(deps: Deps, tenant: Tenant) {
  /** A new user who holds these roles, as somebody who has proved who they are; one who administers has accepted their invitation. */
  async function user(name: string, ...roles: readonly BuiltInRoleId[]): Promise<Caller> {
    const now = deps.clock.now();
    const principal = { id: newId<'Principal'>(deps), kind: 'user', name: parseEmail(`${name}@example.com`) } as const;
    await deps.store.transact(async (tx) => {
      await tx.principals.insert(tenant.id, {
        ...principal,
        active: true,
        createdAt: now,
        updatedAt: now,
        removedAt: undefined,
      });
      for (const role of roles) await tx.grants.add(tenant.id, onTenant(newId(deps), principal.id, role));
      if (roles.includes('tenant-admin')) await tx.principals.setPassword(tenant.id, principal.id, NOBODYS, now);
    });
    const rights = compile(tenantWide(...roles.map(builtIn)));
    return { tenant, principal, credential: { kind: 'none', id: undefined }, rights, origin: ORIGIN };
  }
  /** They have accepted an invitation. */
  async function accepted(email: string): Promise<void> {
    const user = await deps.store.principals.userByEmail(tenant.id, parseEmail(email));
    const id = user?.id ?? (email as PrincipalId); // whom there is not, the row refuses
    await deps.store.transact((tx) => tx.principals.setPassword(tenant.id, id, NOBODYS, deps.clock.now()));
  }
  const pat = async (owner: Caller, name: string, expiresAt?: Instant, format?: TokenFormat): Promise<Sensitive> =>
    (await createPat(deps, owner, { name: parseTokenName(name), expiresAt, format })).value;
  /** Whoever presents it, where it is good. */
  async function callerBy(token: Sensitive): Promise<Caller> {
    const verification = await verifyToken(deps, token, ORIGIN);
    if (!verification.ok) throw new Error(`a token that should be good is ${verification.reason}`);
    return verification.caller;
  }
  /** The same person, by a session of their own. */
  async function signedIn(user: Caller): Promise<Caller> {
    const { cookie, session, digest } = newSession(deps, user.principal.id);
    await deps.store.transact((tx) => tx.sessions.insert(tenant.id, session, digest));
    const verification = await verifySession(deps, cookie, ORIGIN);
    if (!verification.ok) throw new Error(`a fresh session is ${verification.reason}`);
    return verification.caller;
  }
  const standing = async (token: Sensitive, by: Deps = deps): Promise<string> => {
    const verification = await verifyToken(by, token, ORIGIN);
    return verification.ok ? 'ok' : verification.reason;
  };
  return { user, accepted, pat, callerBy, signedIn, standing };
}

/** The row that the program would write, if it could deactivate yet: nothing else here can make one that proves itself. */
async function deactivated({ rows, tamper }: ReturnType<typeof pastThePort>, { keyring }: Deps, id: PrincipalId) {
  const [row] = (await rows('select * from principal where id = ?', id)) as unknown as readonly Schema['principal'][];
  if (row === undefined) throw new Error('there is nobody of that id');
  const { mac } = maced(rowMacs(keyring), 'principal', { ...row, active: 0 });
  await tamper('update principal set active = 0, mac = ? where id = ?', mac, id);
}

/** The database as somebody sees and changes it who has it and not the program. */
function pastThePort({ all: rows, run: tamper, columnsByTable, breakTable, asWritten }: Raw) {
  /** In the order in which they were written. */
  const audit = async (): Promise<readonly AuditEntry[]> =>
    (await rows(`select entry from audit_entry order by ${asWritten}`)).map(({ entry }) => JSON.parse(String(entry)));
  /** From here on every audit entry fails, in the engine itself; `mended` takes it back. */
  const breakAudit = () => breakTable('audit_entry', 'audit is broken');
  return { rows, tamper, audit, breakAudit, columnsByTable, breakTable, asWritten };
}
