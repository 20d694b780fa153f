import type { Kysely } from 'kysely';
import type { Credential } from '#domain/caller.ts';
import type { ExternalIdentity } from '#domain/external-identity.ts';
import type { IdentityProviderId } from '#domain/identity-provider.ts';
import { type Email, type PrincipalId, parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import type { TeamId } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
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
  const { name, enabled } = proved(macs, 'identity_provider', row);
  const principal = await principalFor(db, macs, asked);
  const found = principal && (await ofPrincipal(db, tenant, principal));
  if (found === undefined) return undefined;
  const { expiresAt } = identity;
  const credential: Credential = { kind: 'external', id, name, identity, expiresAt };
  const teams = await teamsFor(db, macs, asked);
  return knownOf(db, macs, found, {
    ...{ credential, expiresAt, ended: enabled !== 1, restsOn: [id, ...teams] },
    teams,
  });
}

async function principalFor(db: Kysely<Schema>, macs: RowMacs, asked: Asked): Promise<PrincipalId | undefined> {
  const { tenant, identity } = asked;
  const [account] = await mapped(db, macs, asked, 'virtual_account', [identity.subject]);
  if (account !== undefined) return account as PrincipalId;
  const email = emailOf(identity);
  if (email === undefined) return undefined;
  const users = db.selectFrom('principal').select('id').where('tenant', '=', tenant).where('kind', '=', 'user');
  return (await users.where('name', '=', email).executeTakeFirst())?.id;
}

/** What is no address is nobody's. */
function emailOf({ email }: ExternalIdentity): Email | undefined {
  try {
    return email === undefined ? undefined : parseEmail(email);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

const teamsFor = async (db: Kysely<Schema>, macs: RowMacs, asked: Asked): Promise<readonly TeamId[]> =>
  (await mapped(db, macs, asked, 'team', asked.identity.teams)) as readonly TeamId[];

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
