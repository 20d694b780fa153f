import type { Kysely } from 'kysely';
import type { RowMacs } from '#ports/row-mac.ts';
import type { Store, Transaction } from '#ports/store.ts';
import { auditWrites } from './audit.ts';
import { changeReads, changeWrites } from './changes.ts';
import { deliveryReads, deliveryWrites } from './deliveries.ts';
import type { Engine } from './engine.ts';
import { grantReads, grantWrites } from './grants.ts';
import { identityProviderReads, identityProviderWrites } from './identity-providers.ts';
import { invitationReads, invitationWrites } from './invitations.ts';
import { jobReads, jobWrites } from './jobs.ts';
import { keyReads, keyWrites } from './keys.ts';
import { nodeReads, nodeWrites } from './nodes.ts';
import { patReads, patWrites } from './pats.ts';
import { principalReads, principalWrites } from './principals.ts';
import { replayReads, replayWrites } from './replays.ts';
import { retentionReads, retentionWrites } from './retention.ts';
import { roleBindingReads, roleBindingWrites } from './role-bindings.ts';
import { roleReads, roleWrites } from './roles.ts';
import type { Schema } from './schema.ts';
import { sessionReads, sessionWrites } from './sessions.ts';
import { teamReads, teamWrites } from './teams.ts';
import { tenantReads, tenantWrites } from './tenants.ts';
import { tokenSettingsReads, tokenSettingsWrites } from './token-settings.ts';
import { tokenReads, tokenUseWrites, tokenWrites } from './tokens.ts';
import { virtualAccountReads, virtualAccountWrites } from './virtual-accounts.ts';

export const reads = (
  db: Kysely<Schema>,
  macs: RowMacs,
  engine: Engine,
): Omit<Store, 'transact' | 'listen' | 'close' | 'isShared' | 'engine' | 'figures'> => ({
  tenants: tenantReads(db, macs),
  principals: principalReads(db, macs),
  teams: teamReads(db, macs),
  roles: roleReads(db, macs),
  roleBindings: roleBindingReads(db, macs),
  grants: grantReads(db, macs),
  pats: patReads(db, macs),
  tokens: tokenReads(db, macs),
  virtualAccounts: virtualAccountReads(db, macs),
  identityProviders: identityProviderReads(db, macs),
  tokenSettings: tokenSettingsReads(db, macs),
  replays: replayReads(db),
  sessions: sessionReads(db, macs),
  invitations: invitationReads(db, macs),
  deliveries: deliveryReads(db),
  changes: changeReads(db, engine),
  keys: keyReads(db),
  nodes: nodeReads(db, engine),
  jobs: jobReads(db),
  retention: retentionReads(db),
});

/** Reads and writes on one connection: a body that counts before it writes counts what its neighbours wrote. */
export const transactionOn = (db: Kysely<Schema>, macs: RowMacs, engine: Engine): Transaction => ({
  tenants: { ...tenantReads(db, macs), ...tenantWrites(db, macs, engine) },
  principals: { ...principalReads(db, macs), ...principalWrites(db, macs, engine) },
  teams: { ...teamReads(db, macs), ...teamWrites(db, macs, engine) },
  roles: { ...roleReads(db, macs), ...roleWrites(db, macs, engine) },
  roleBindings: { ...roleBindingReads(db, macs), ...roleBindingWrites(db, macs) },
  grants: { ...grantReads(db, macs), ...grantWrites(db, macs) },
  pats: { ...patReads(db, macs), ...patWrites(db, macs) },
  tokens: { ...tokenReads(db, macs), ...tokenWrites(db, macs, engine) },
  tokenUses: tokenUseWrites(db, macs),
  virtualAccounts: { ...virtualAccountReads(db, macs), ...virtualAccountWrites(db, macs) },
  identityProviders: { ...identityProviderReads(db, macs), ...identityProviderWrites(db, macs, engine) },
  tokenSettings: { ...tokenSettingsReads(db, macs), ...tokenSettingsWrites(db, macs) },
  replays: { ...replayReads(db), ...replayWrites(db) },
  sessions: { ...sessionReads(db, macs), ...sessionWrites(db, macs) },
  invitations: { ...invitationReads(db, macs), ...invitationWrites(db, macs) },
  deliveries: { ...deliveryReads(db), ...deliveryWrites(db) },
  keys: { ...keyReads(db), ...keyWrites(db, engine) },
  nodes: nodeWrites(db, engine),
  jobs: jobWrites(db, macs, engine),
  retention: retentionWrites(db, macs, engine),
  audit: auditWrites(db),
  changes: changeWrites(db, engine),
});
