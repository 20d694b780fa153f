import type { Deps } from '#app/deps.ts';
import { newInvitation } from '#app/invitation/issue.ts';
import { newId } from '#app/new-id.ts';
import { newSession } from '#app/session/issue.ts';
import { createPat } from '#app/token/create.ts';
import { getOrCreatePat } from '#app/token/get-or-create.ts';
import { revokePat } from '#app/token/revoke.ts';
import { openDelivery, sealDelivery } from '#crypto/delivery.ts';
import { openKeyring } from '#crypto/keyring.ts';
import { digestsOf } from '#crypto/opaque.ts';
import type { Caller } from '#domain/caller.ts';
import { onTenant } from '#domain/grant.ts';
import { JOB_KINDS, type JobKind } from '#domain/job.ts';
import { type Email, newUser, parseEmail } from '#domain/principal.ts';
import { notOurs } from '#domain/refusal.ts';
import { compile, tenantWide } from '#domain/rights.ts';
import { type BuiltInRoleId, builtIn } from '#domain/role.ts';
import type { Sensitive } from '#domain/sensitive.ts';
import { parseTenantName, type Tenant } from '#domain/tenant.ts';
import { LIVE_GENERATIONS_MAX, parseTokenName } from '#domain/token.ts';
import { TOKEN_SETTINGS } from '#domain/token-settings.ts';
import type { LeaseId } from '#ports/jobs.ts';
import { addKey, type Core, ORIGIN, openCore } from '#support/core.ts';
import { accountOf, ofAccount, ofAccountIn, ofAccountsOf, ofDue } from './tampering-accounts.ts';
import { about, holdingsOf, ofAddresses, ofHoldingsIn, ofHoldingsOf, type Question } from './tampering-holdings.ts';
import { ofProviderIn, ofProviders, providerOf } from './tampering-providers.ts';

/*
 * Rows in every table, of two tenants, made by the program's own use cases; and everything that can be asked of them, of
 * each tenant about the other's people, too.
 */

const DAY_MS = 24 * 60 * 60 * 1000;

export async function openScene() {
  const core = await openCore();
  const { store, clock } = core.deps;
  const other: Tenant = { id: newId(core.deps), name: parseTenantName('other') };
  await store.transact((tx) => tx.tenants.insert(other));
  await addKey(core.deps, 'tenant-kek', other);
  const tenants = [core.tenant, other] as const;
  const unlimited = { ...TOKEN_SETTINGS, idleDaysMax: 90, countMax: 100 };
  for (const { id } of tenants) await store.transact((tx) => tx.tokenSettings.put(id, unlimited));
  const people = [
    await personIn(core, core.tenant, { name: 'ada', role: 'tenant-admin', more: tokensOf }),
    await personIn(core, core.tenant, { name: 'ben', role: 'tenant-member', more: async () => [] }),
    await personIn(core, other, { name: 'eve', role: 'tenant-admin', more: async () => [] }),
  ];
  for (const kind of JOB_KINDS)
    await store.transact((tx) => tx.jobs.add({ id: newId(core.deps), kind, payload: '{}', dueAt: clock.now() }));
  const asked = [
    ...tenants.flatMap((tenant) => ofTenant(core, tenant, people)),
    ...people.flatMap((person) => ofPerson(core, person)),
    ...ofAll(core),
  ];
  return { core, tenants, asked };
}
export type Scene = Awaited<ReturnType<typeof openScene>>;

type Value = { readonly token: Sensitive; readonly known: Extract<Caller['credential'], { kind: 'token' }> };
type Wanted = {
  readonly name: string;
  readonly role: BuiltInRoleId;
  readonly more: (core: Core, owner: Caller) => Promise<readonly Sensitive[]>;
};
type Person = Awaited<ReturnType<typeof personIn>>;

/** A user with a token that is for good and was never used, one that was made once, and all else that a person can have. */
async function personIn(core: Core, tenant: Tenant, wanted: Wanted) {
  const { deps } = core;
  const caller = await userOf(core, tenant, wanted);
  const first = await foundAs(deps, await core.pat(caller, 'first'));
  const once = onceOf(deps, { ...caller, credential: first.known }, first.token);
  const others = [(await once()).value, ...(await wanted.more(core, caller))];
  const values = [first, ...(await Promise.all(others.map((token) => foundAs(deps, token))))];
  const uses = values
    .slice(1)
    .map(({ known }) => ({ tenant: tenant.id, token: known.id, at: deps.clock.now(), ...USED }));
  const signedIn = newSession(deps, caller.principal.id);
  const codes = [newInvitation(deps, caller.principal.id, DAY_MS), newInvitation(deps, undefined, DAY_MS)];
  await deps.store.transact(async (tx) => {
    await tx.tokenUses.note(uses);
    await tx.principals.setPassword(tenant.id, caller.principal.id, `$${wanted.name}s`, 1);
    await tx.sessions.insert(tenant.id, signedIn.session, signedIn.digest);
    for (const { invitation, digest } of codes) await tx.invitations.insert(tenant.id, invitation, digest);
    await tx.invitations.voidAll(tenant.id, undefined, deps.clock.now());
  });
  await deliverable(core, tenant, first);
  const holdings = await holdingsOf(deps, caller);
  const account = await accountOf(deps, caller, holdings.team.id);
  const provider = await providerOf(deps, caller, account.account.id, holdings.team.id);
  return { tenant, caller, holdings, account, provider, values, signedIn, codes, once };
}

async function userOf({ deps }: Core, tenant: Tenant, { name, role }: Wanted): Promise<Caller> {
  const principal = newUser(newId(deps), parseEmail(`${name}@example.com`), deps.clock.now());
  await deps.store.transact(async (tx) => {
    await tx.principals.insert(tenant.id, principal);
    await tx.grants.add(tenant.id, onTenant(newId(deps), principal.id, role));
  });
  const rights = compile(tenantWide(builtIn(role)));
  return { tenant, principal, credential: { kind: 'none', id: undefined }, rights, origin: ORIGIN };
}

/** Of either format, of several ages and ends: one has so many values that the first is over. */
async function tokensOf({ deps, pat }: Core, owner: Caller): Promise<readonly Sensitive[]> {
  const tokens = [
    await pat(owner, 'ends', deps.clock.now() + 30 * DAY_MS),
    await pat(owner, 'signed', undefined, 'jwt'),
  ];
  for (let made = 0; made <= LIVE_GENERATIONS_MAX; made += 1)
    tokens.push((await getOrCreatePat(deps, owner, parseTokenName('stable'))).value);
  const gone = await createPat(deps, owner, { name: parseTokenName('gone') });
  await revokePat(deps, owner, gone.view.pat.id);
  return [...tokens, gone.value];
}

const USED = { surface: 'rest', address: undefined } as const;

async function foundAs({ store, keyring }: Deps, token: Sensitive): Promise<Value> {
  const known = await store.tokens.byDigest(digestsOf(keyring, token));
  if (known?.credential.kind !== 'token') throw new Error('a token that was made is not found');
  return { token, known: known.credential };
}

/** One for each tenant, as its set-up leaves it. */
async function deliverable({ deps }: Core, tenant: Tenant, { token, known: { id, pat } }: Value): Promise<void> {
  if ((await deps.store.deliveries.pending(tenant.id)) !== undefined) return;
  const sealed = sealDelivery(deps.keyring, token, { tenant: tenant.id, pat, token: id }, deps.random);
  await deps.store.transact((tx) => tx.deliveries.insert(tenant.id, { token: id, pat, sealed }));
}

/** Makes a token the first time, and gives the same answer again ever after. */
function onceOf(deps: Deps, caller: Caller, credential: Sensitive) {
  const once = { key: 'the-key', request: ['create'], credential };
  return () => createPat(deps, caller, { name: parseTokenName('once') }, once);
}

/** Of each tenant about everybody: what is not there is not there, and is not somebody else. */
function ofTenant({ deps }: Core, tenant: Tenant, people: readonly Person[]): readonly Question[] {
  const { grants, tenants, tokenSettings } = deps.store;
  const { id, name } = tenant;
  return [
    about(`the tenant ${name}`, () => tenants.byName(name)),
    about(`the settings of ${name}`, () => tokenSettings.get(id)),
    about(`whether ${name} has an administrator`, () => grants.anyHolds(id, 'tenant-admin')),
    about(`what waits in ${name} to be delivered`, () => delivered(deps, tenant)),
    ...ofHoldingsOf(deps, tenant),
    ...ofAccountsOf(deps, tenant),
    ...people.flatMap((person) => ofPersonIn(deps, tenant, person)),
    ...people.flatMap(({ caller, holdings }) => ofHoldingsIn(deps, tenant, caller, holdings)),
    ...people.flatMap(({ account }) => ofAccountIn(deps, tenant, account)),
    ...people.flatMap(({ provider }) => ofProviderIn(deps, tenant, provider)),
  ];
}

function ofPersonIn(
  { store }: Deps,
  { id, name }: Tenant,
  { tenant, caller, values, signedIn }: Person,
): readonly Question[] {
  const { principals, sessions, pats, tokens } = store;
  const { id: who, name: email } = caller.principal;
  return [
    about(`${email} in ${name}`, () => principals.get(id, who)),
    about(`${email} in ${name} by name`, () => principals.userByEmail(id, email as Email)),
    about(`${email} in ${name} as shown`, () => principals.named(id, [who])),
    about(`the password of ${email} in ${name}`, () => principals.passwordOf(id, who)),
    about(`the session of ${email} in ${name}`, () => sessions.byId(id, signedIn.session.id)),
    about(`the tokens of ${email} in ${name}`, () => pats.list(id, who, EVERYTHING)),
    ...values
      .slice(0, id === tenant.id ? undefined : 1)
      .map(({ known: { pat, generation } }, at) =>
        about(`value ${at} of ${email} in ${name}`, () => tokens.byGeneration(id, pat, generation)),
      ),
  ];
}

const EVERYTHING = { limit: 100, offset: 0, nameContains: '', endedAfter: 0 };

function ofPerson(
  { deps }: Core,
  { tenant, caller, account, provider, values, signedIn, codes, once }: Person,
): readonly Question[] {
  const { tokens, pats, sessions, invitations } = deps.store;
  const { id: owner, name: email } = caller.principal;
  const byName = Map.groupBy(values, ({ known }) => known.name);
  return [
    ...values.map(({ token }, at) =>
      about(`value ${at} of ${email}`, () => tokens.byDigest(digestsOf(deps.keyring, token))),
    ),
    ...[...byName].flatMap(([name, [one]]) => {
      const { pat } = (one as Value).known;
      return [
        about(`${name} of ${email}`, () => pats.get(tenant.id, owner, pat)),
        about(`${name} of ${email} as shown`, () => pats.view(tenant.id, owner, pat)),
        about(`${name} of ${email} by name`, () => pats.byName(tenant.id, owner, parseTokenName(name))),
      ];
    }),
    about(`how many tokens of ${email} live`, () => pats.countLive(tenant.id, owner, deps.clock.now())),
    about(`the session of ${email}`, () => sessions.byDigest([signedIn.digest.digest])),
    ...codes.map(({ digest }, at) => about(`code ${at} of ${email}`, () => invitations.byDigest([digest.digest]))),
    ...ofAddresses(deps, caller),
    ...ofAccount(deps, account),
    ...ofProviders(deps, tenant, provider),
    about(`what ${email} asked for with a key`, async () => (await once()).value.reveal()),
  ];
}

function ofAll(core: Core): readonly Question[] {
  const { store, wrapper } = core.deps;
  return [
    about('all tenants', () => store.tenants.list()),
    ofDue(core.deps),
    about('the keys', async () => (await openKeyring(wrapper, await store.keys.all())).ids()),
    ...JOB_KINDS.map((kind) => about(`the job ${kind}`, () => claimed(core, kind))),
  ];
}

async function delivered({ store, keyring }: Deps, { id: tenant }: Tenant) {
  const pending = await store.deliveries.pending(tenant);
  if (pending === undefined) return undefined;
  return openDelivery(keyring, pending.sealed, { tenant, ...pending }).reveal();
}

const undone = new Error('undone');

/** What a worker would be given; and as if it had not asked. */
async function claimed({ deps }: Core, kind: JobKind): Promise<unknown> {
  const terms = { lease: 'l'.repeat(24) as LeaseId, now: deps.clock.now(), leaseMs: 1, attemptsMax: 5 };
  let given: unknown;
  const asking = deps.store.transact(async (tx) => {
    const claim = await tx.jobs.claim(kind, terms);
    given = claim?.ok === false ? notOurs(`a job is ${claim.why}`) : claim;
    throw undone;
  });
  await asking.catch((error: unknown) => {
    if (error !== undone) throw error;
  });
  if (given instanceof Error) throw given;
  return given;
}
