import type { Kysely } from 'kysely';
import type { Belonging, Team, TeamId } from '#domain/team.ts';
import type { TenantId } from '#domain/tenant.ts';
import type { RowMacs } from '#ports/row-mac.ts';
import type { TeamReads, TeamWrites } from '#ports/teams.ts';
import type { Engine } from './engine.ts';
import { maced, proved, swap } from './maced.ts';
import { inParts } from './parts.ts';
import type { Schema } from './schema.ts';
import { membersOf, membersPage, summaries, teamsOfPrincipal } from './team-members.ts';

export const teamReads = (db: Kysely<Schema>, macs: RowMacs): TeamReads => {
  const read = (row: Schema['team'] | undefined) => row && teamOf(proved(macs, 'team', row));
  /** Each membership is proved before it is counted: it says who manages what. */
  const ofPrincipal: TeamReads['ofPrincipal'] = async (tenant, principal) => {
    const belongs = await teamsOfPrincipal(db, macs, tenant, principal);
    const rows = await inParts([...belongs.keys()], (some) =>
      teamsOf(db, tenant).where('team.id', 'in', some).execute(),
    );
    const teams = rows.map((row) => teamOf(proved(macs, 'team', row)));
    teams.sort((one, other) => (one.name < other.name ? -1 : 1));
    return teams.map((team) => ({ team, ...(belongs.get(team.id) as Belonging) }));
  };
  return {
    get: async (tenant, id) => read(await teamRow(db, tenant, id).executeTakeFirst()),
    byName: async (tenant, name) => read(await teamsOf(db, tenant).where('team.name', '=', name).executeTakeFirst()),
    async named(tenant, ids) {
      const rows = await inParts(ids, (some) => teamsOf(db, tenant).where('team.id', 'in', some).execute());
      return rows.map((row) => teamOf(proved(macs, 'team', row)));
    },
    async list(tenant, { limit, offset, of }) {
      if (of !== undefined) {
        const belongs = (await ofPrincipal(tenant, of.principal)).filter((one) => one.isManager || !of.isManagedOnly);
        return { rows: belongs.slice(offset, offset + limit).map(({ team }) => team), total: belongs.length };
      }
      const rows = await teamsOf(db, tenant).orderBy('team.name').limit(limit).offset(offset).execute();
      const counted = db.selectFrom('team').where('team.tenant', '=', tenant);
      const { total } = await counted.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
      return { rows: rows.map((row) => teamOf(proved(macs, 'team', row))), total: Number(total) };
    },
    membersOf: (tenant, teams) => membersOf(db, macs, tenant, teams),
    summaries: (tenant, teams, firstMax) => summaries(db, macs, { tenant, teams }, firstMax),
    members: (tenant, team, page) => membersPage(db, macs, { tenant, team }, page),
    ofPrincipal,
  };
};

const teamsOf = (db: Kysely<Schema>, tenant: TenantId) =>
  db.selectFrom('team').selectAll('team').where('team.tenant', '=', tenant);
const teamRow = (db: Kysely<Schema>, tenant: TenantId, id: TeamId) => teamsOf(db, tenant).where('team.id', '=', id);

export const teamWrites = (db: Kysely<Schema>, macs: RowMacs, { locksRows }: Engine): TeamWrites => ({
  async hold(tenant, id) {
    if (!locksRows) return;
    const row = db.selectFrom('team').select('id').where('tenant', '=', tenant).where('id', '=', id);
    await row.forNoKeyUpdate().execute();
  },
  async insert(tenant, team) {
    const written = await db
      .insertInto('team')
      .values(maced(macs, 'team', rowOf(tenant, team)))
      .onConflict((name) => name.columns(['tenant', 'name']).doNothing())
      .executeTakeFirst();
    return written.numInsertedOrUpdatedRows === 1n;
  },
  async update(tenant, team) {
    const old = await teamRow(db, tenant, team.id).executeTakeFirstOrThrow();
    const { display_name, description, tags, updated_at } = rowOf(tenant, team);
    await swap(db, macs, 'team', proved(macs, 'team', old), { display_name, description, tags, updated_at });
  },
  async setMembers(tenant, team, members) {
    for (const { principal, isMember, isManager } of members) {
      const one = { tenant, team, principal, member: isMember ? 1 : 0, manager: isManager ? 1 : 0 } as const;
      const same = db.deleteFrom('team_member').where('tenant', '=', tenant).where('team', '=', team);
      await same.where('principal', '=', principal).execute();
      if (isMember || isManager)
        await db
          .insertInto('team_member')
          .values(maced(macs, 'team_member', one))
          .execute();
    }
  },
  async remove(tenant, id) {
    await db.deleteFrom('team_member').where('tenant', '=', tenant).where('team', '=', id).execute();
    await db
      .updateTable('personal_access_token')
      .set({ team: null })
      .where('tenant', '=', tenant)
      .where('team', '=', id)
      .execute();
    await db.deleteFrom('team').where('tenant', '=', tenant).where('id', '=', id).execute();
  },
});

const rowOf = (tenant: TenantId, { id, name, displayName, description, tags, ...made }: Team) => ({
  ...{ tenant, id, name, display_name: displayName ?? null, description, tags: JSON.stringify(tags) },
  ...{ created_by: made.createdBy, created_at: made.createdAt, updated_at: made.updatedAt },
});

const teamOf = ({ id, name, display_name, description, tags, ...made }: Schema['team']): Team => ({
  ...{ id, name, displayName: display_name ?? undefined, description, tags: JSON.parse(tags) },
  ...{ createdBy: made.created_by, createdAt: made.created_at, updatedAt: made.updated_at },
});
