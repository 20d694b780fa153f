import type { Kysely } from 'kysely';
import type { Credential } from '#domain/caller.ts';
import type { ExternalIdentity } from '#domain/external-identity.ts';
import type { IdentityProviderId } from '#domain/identity-provider.ts';
import type { Instant } from '#domain/instant.ts';
import { type Email, type PrincipalId, parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TeamId } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import { earliest } from '#domain/token-settings.ts';
import type { Known } from '#domain/verification.ts';
import type { Mapped } from '#ports/identity-providers.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import { knownOf, ofPrincipal } from './known.ts';
import { proved } from './maced.ts';
import { inParts } from './parts.ts';
import type { Schema } from './schema.ts';

type Asked = {
  readonly tenant: TenantId;
  readonly provider: IdentityProviderId;
  readonly identity: ExternalIdentity;
};

/** Whoever a provider's word makes of somebody, by rows that are each proved. */
export async function knownExternal(db: Kysely<Schema>, macs: RowMacs, asked: Asked): Promise<Known | undefined> {
  const { tenant, provider: id, identity } = asked;
  const rows = db.selectFrom('identity_provider').selectAll().where('tenant', '=', tenant).where('id', '=', id);
  const row = await rows.executeTakeFirst();
  if (row === undefined) return undefined;
  const { name, enabled, updated_at: asOf } = proved(macs, 'identity_provider', row);
  const meant = (await accountFor(db, macs, asked)) ?? (await userFor(db, macs, asked));
  const found = meant && (await ofPrincipal(db, tenant, meant.principal));
  if (meant === undefined || found === undefined) return undefined;
  const { teams } = meant;
  const expiresAt = earliest(identity.expiresAt, meant.endsAt) ?? identity.expiresAt;
  const credential: Credential = { kind: 'external', id, name, asOf, identity, expiresAt };
  const own = { credential, expiresAt, ended: enabled !== 1, restsOn: [id, ...teams] };
  return knownOf(db, macs, found, { ...own, teams });
}

type Meant = {
  readonly principal: PrincipalId;
  /** Theirs, whatever the token says. */
  readonly endsAt: Instant | undefined;
  readonly teams: readonly TeamId[];
};

/** It belongs to no team, whatever the token says. */
async function accountFor(db: Kysely<Schema>, macs: RowMacs, asked: Asked): Promise<Meant | undefined> {
  const [id] = (await mapped(db, macs, asked, 'virtual_account', [asked.identity.subject])) as readonly PrincipalId[];
  if (id === undefined) return undefined;
  const rows = db.selectFrom('virtual_account').selectAll().where('tenant', '=', asked.tenant).where('id', '=', id);
  const row = await rows.executeTakeFirst();
  if (row === undefined) return undefined;
  const { expires_at: endsAt } = proved(macs, 'virtual_account', row);
  return { principal: id, endsAt: endsAt ?? undefined, teams: [] };
}

async function userFor(db: Kysely<Schema>, macs: RowMacs, asked: Asked): Promise<Meant | undefined> {
  const { tenant, identity } = asked;
  const email = emailOf(identity);
  if (email === undefined) return undefined;
  const users = db.selectFrom('principal').select('id').where('tenant', '=', tenant).where('kind', '=', 'user');
  const user = await users.where('name', '=', email).executeTakeFirst();
  if (user === undefined) return undefined;
  const teams = (await mapped(db, macs, asked, 'team', identity.teams)) as readonly TeamId[];
  return { principal: user.id, endsAt: undefined, teams };
}

/** What is no address is nobody's; nor is one that is written otherwise, and only looks like somebody's. */
function emailOf({ email }: ExternalIdentity): Email | undefined {
  try {
    return email === undefined || email.normalize('NFKC') !== email ? undefined : parseEmail(email);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

async function mapped(
  db: Kysely<Schema>,
  macs: RowMacs,
  { tenant, provider }: Asked,
  kind: Mapped['kind'],
  values: readonly string[],
): Promise<readonly Mapped['id'][]> {
  const all = db.selectFrom('identity_mapping').selectAll().where('tenant', '=', tenant);
  const theirs = all.where('provider', '=', provider).where('kind', '=', kind);
  const rows = await inParts(values, (some) => theirs.where('value', 'in', some).execute());
  return [...new Set(rows.map((row) => proved(macs, 'identity_mapping', row).mapped))];
}
