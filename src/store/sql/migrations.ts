import type { ColumnTypes } from './engine.ts';

export type Migration = {
  readonly number: number;
  readonly name: string;
  readonly statements: (types: ColumnTypes) => readonly string[];
};

/**
 * Forward only, each in one transaction; never edited once released. Uniqueness and single use are constraints here,
 * never a read followed by a write. The tenant leads every key, except of digests, which are looked up before a tenant
 * is known, and of what belongs to the instance.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'people, tokens and their settings',
    statements: ({ bytes, instant, count, text, keyed }) => [
      `create table instance (only_row integer primary key check (only_row = 1), fingerprint ${text} not null)`,
      `create table wrapped_key (
        id ${text} primary key, tenant ${text}, purpose ${text} not null, wrapped ${bytes} not null, created_at ${instant} not null
      )`,
      `create table tenant (id ${text} primary key, name ${text} not null unique, mac ${bytes} not null)`,
      `create table principal (
        tenant ${text} not null references tenant (id), id ${text} not null, kind ${text} not null, name ${text} not null,
        active integer not null check (active in (0, 1)), created_at ${instant} not null, updated_at ${instant} not null,
        mac ${bytes} not null, primary key (tenant, id), unique (tenant, kind, name)
      )`,
      `create table password (
        tenant ${text} not null, principal ${text} not null, hash ${text} not null, updated_at ${instant} not null,
        mac ${bytes} not null,
        primary key (tenant, principal), foreign key (tenant, principal) references principal (tenant, id)
      )`,
      `create table role_grant (
        tenant ${text} not null, id ${text} not null, principal ${text} not null, role ${text} not null, resource ${text} not null,
        mac ${bytes} not null, primary key (tenant, id), unique (tenant, principal, role, resource),
        foreign key (tenant, principal) references principal (tenant, id)
      )`,
      'create index role_grant_role on role_grant (tenant, role)',
      `create table personal_access_token (
        tenant ${text} not null, id ${text} not null, owner ${text} not null, name ${text} not null,
        created_by ${text} not null, created_at ${instant} not null, updated_at ${instant} not null, expires_at ${instant},
        ended_at ${instant}, ended_by ${text}, end_reason ${text}, mac ${bytes} not null,
        primary key (tenant, owner, id), foreign key (tenant, owner) references principal (tenant, id)
      ) ${keyed}`,
      'create unique index personal_access_token_name on personal_access_token (tenant, owner, name) where ended_at is null',
      `create table token (
        tenant ${text} not null, id ${text} not null, kind ${text} not null, pat ${text} not null, subject ${text} not null,
        generation ${count} not null, format ${text} not null, signed_by ${text}, digest ${bytes} not null unique, pepper ${text} not null, preview ${text} not null,
        created_at ${instant} not null, expires_at ${instant},
        ended_at ${instant}, ended_by ${text}, end_reason ${text}, mac ${bytes} not null,
        primary key (tenant, pat, generation),
        foreign key (tenant, subject, pat) references personal_access_token (tenant, owner, id)
      ) ${keyed}`,
      'create index token_signed_by on token (signed_by) where signed_by is not null',
      `create table token_use (
        tenant ${text} not null, token ${text} not null, at ${instant} not null, surface ${text} not null, address ${text},
        mac ${bytes} not null, primary key (tenant, token)
      ) ${keyed}`,
      `create table token_dead_use (
        tenant ${text} not null, pat ${text} not null, token ${text} not null, at ${instant} not null, surface ${text} not null,
        address ${text}, primary key (tenant, pat)
      ) ${keyed}`,
      `create table token_settings (
        tenant ${text} primary key references tenant (id), age_days_max ${count}, count_max ${count},
        life_days_default ${count}, idle_days_max ${count}, format_default ${text} not null,
        session_only integer not null check (session_only in (0, 1)), mac ${bytes} not null
      )`,
      `create table replay (
        tenant ${text} not null, id ${text} not null, asked ${text} not null, pat ${text} not null, owner ${text} not null,
        sealed ${bytes} not null,
        expires_at ${instant} not null, primary key (tenant, id)
      )`,
      'create index replay_end on replay (expires_at)',
      `create table session (
        tenant ${text} not null, id ${text} not null, principal ${text} not null, digest ${bytes} not null unique,
        pepper ${text} not null, created_at ${instant} not null, expires_at ${instant} not null, ended_at ${instant},
        mac ${bytes} not null, primary key (tenant, id),
        foreign key (tenant, principal) references principal (tenant, id)
      )`,
      `create table invitation (
        tenant ${text} not null references tenant (id), id ${text} not null, principal ${text}, digest ${bytes} not null unique,
        pepper ${text} not null, created_at ${instant} not null, expires_at ${instant} not null, used_at ${instant},
        mac ${bytes} not null, primary key (tenant, id)
      )`,
      `create table delivery (
        tenant ${text} not null, token ${text} not null, pat ${text} not null, sealed ${bytes}, delivered_at ${instant},
        primary key (tenant, token), check ((sealed is null) = (delivered_at is not null))
      )`,
      `create table audit_entry (
        tenant ${text} not null, id ${text} not null, at ${instant} not null, action ${text} not null, resource ${text} not null,
        decision ${text} not null, entry ${text} not null, address ${text}, user_agent ${text}, primary key (tenant, at, id)
      )`,
      `create table change_counter (only_row integer primary key check (only_row = 1), sequence ${count} not null)`,
      'insert into change_counter (only_row, sequence) values (1, 0)',
      `create table change_log (
        sequence ${count} not null, kind ${text} not null, id ${text} not null, primary key (sequence, kind, id)
      )`,
    ],
  },
  {
    number: 2,
    name: 'jobs and nodes',
    statements: ({ bytes, instant, count, text }) => [
      `create table job (
        id ${text} primary key, kind ${text} not null, payload ${text} not null, mac ${bytes} not null,
        due_at ${instant} not null, attempts ${count} not null, lease ${text}, lease_until ${instant},
        last_error ${text}, dead_at ${instant}
      )`,
      'create index job_due on job (due_at) where dead_at is null',
      `create table node (
        id ${text} primary key, name ${text} not null, started_at ${instant} not null, seen_at ${instant} not null,
        sequence ${count} not null, stale_ms_max ${count} not null
      )`,
      `alter table change_log add column at ${instant} not null default 0`,
      `create index personal_access_token_ended on personal_access_token (ended_at, tenant, owner, id)
        where ended_at is not null`,
      `create index token_over on token (coalesce(ended_at, expires_at), tenant, pat, generation)
        where coalesce(ended_at, expires_at) is not null`,
      'create index session_end on session (expires_at)',
      'create index invitation_end on invitation (expires_at)',
    ],
  },
  {
    number: 3,
    name: 'teams, roles and tenants',
    statements: ({ bytes, instant, text }) => [
      `alter table tenant add column disabled_at ${instant}`,
      `create table tenant_origin (
        origin ${text} primary key, tenant ${text} not null references tenant (id), mac ${bytes} not null
      )`,
      'create index tenant_origin_tenant on tenant_origin (tenant)',
      `create table tenant_alias (
        name ${text} primary key, tenant ${text} not null references tenant (id), mac ${bytes} not null
      )`,
      `alter table principal add column removed_at ${instant}`,
      // A subject is a user, a team, or the tenant for all its users: no one table that a key could refer to.
      `create table grant_made (
        tenant ${text} not null references tenant (id), id ${text} not null, subject ${text} not null, role ${text} not null,
        resource ${text} not null, binding ${text}, mac ${bytes} not null, primary key (tenant, id)
      )`,
      `insert into grant_made (tenant, id, subject, role, resource, mac)
        select tenant, id, principal, role, resource, mac from role_grant`,
      'drop table role_grant',
      'alter table grant_made rename to role_grant',
      "create unique index role_grant_same on role_grant (tenant, subject, role, resource, coalesce(binding, ''))",
      'create index role_grant_role on role_grant (tenant, role)',
      'create index role_grant_resource on role_grant (tenant, resource, id)',
      'create index role_grant_binding on role_grant (tenant, binding) where binding is not null',
      `create table team (
        tenant ${text} not null references tenant (id), id ${text} not null, name ${text} not null, display_name ${text},
        description ${text} not null, tags ${text} not null, created_by ${text} not null, created_at ${instant} not null,
        updated_at ${instant} not null, mac ${bytes} not null, primary key (tenant, id), unique (tenant, name)
      )`,
      `create table team_member (
        tenant ${text} not null, team ${text} not null, principal ${text} not null,
        member integer not null check (member in (0, 1)), manager integer not null check (manager in (0, 1)),
        mac ${bytes} not null, primary key (tenant, team, principal),
        foreign key (tenant, team) references team (tenant, id),
        foreign key (tenant, principal) references principal (tenant, id)
      )`,
      'create index team_member_principal on team_member (tenant, principal)',
      `create table role (
        tenant ${text} not null references tenant (id), id ${text} not null, name ${text} not null, display_name ${text} not null,
        description ${text} not null, permissions ${text} not null, created_by ${text} not null, created_at ${instant} not null,
        updated_at ${instant} not null, mac ${bytes} not null, primary key (tenant, id), unique (tenant, name)
      )`,
      `create table role_binding (
        tenant ${text} not null references tenant (id), id ${text} not null, name ${text} not null, created_by ${text} not null,
        created_at ${instant} not null, updated_at ${instant} not null, mac ${bytes} not null, primary key (tenant, id),
        unique (tenant, name)
      )`,
      `alter table invitation add column invited_by ${text}`,
      `alter table personal_access_token add column team ${text}`,
      'create index personal_access_token_team on personal_access_token (tenant, team) where team is not null',
    ],
  },
  {
    number: 4,
    name: 'virtual accounts',
    statements: ({ bytes, instant, count, text }) => [
      `alter table personal_access_token add column kind ${text}`,
      `alter table token_settings add column account_rules ${text}`,
      `create table virtual_account (
        tenant ${text} not null, id ${text} not null, pat ${text} not null, current_token ${text}, team ${text},
        tags ${text} not null, expires_at ${instant}, format ${text}, interval_days ${count}, grace_days ${count}, rotates_at ${instant},
        version ${count} not null, created_by ${text} not null, created_at ${instant} not null,
        updated_at ${instant} not null, mac ${bytes} not null, primary key (tenant, id),
        foreign key (tenant, id) references principal (tenant, id)
      )`,
      'create index virtual_account_due on virtual_account (rotates_at) where rotates_at is not null',
      'create index virtual_account_team on virtual_account (tenant, team) where team is not null',
      `create table virtual_account_value (
        tenant ${text} not null, account ${text} not null, token ${text} not null, sealed ${bytes} not null,
        primary key (tenant, account)
      )`,
    ],
  },
  {
    number: 5,
    name: 'identity providers',
    statements: ({ bytes, instant, text, keyed }) => [
      `create table identity_provider (
        tenant ${text} not null references tenant (id), id ${text} not null, name ${text} not null,
        enabled integer not null check (enabled in (0, 1)), definition ${text} not null, created_by ${text} not null,
        created_at ${instant} not null, updated_at ${instant} not null, mac ${bytes} not null, primary key (tenant, id),
        unique (tenant, name)
      )`,
      // Without the tenant: of which tenant a token is, this says.
      `create table identity_audience (
        issuer ${text} not null, audience ${text} not null, tenant ${text} not null, provider ${text} not null,
        mac ${bytes} not null, primary key (issuer, audience),
        foreign key (tenant, provider) references identity_provider (tenant, id)
      )`,
      'create index identity_audience_provider on identity_audience (tenant, provider)',
      `create table identity_mapping (
        tenant ${text} not null, provider ${text} not null, kind ${text} not null, value ${text} not null,
        mapped ${text} not null, mac ${bytes} not null, primary key (tenant, provider, kind, value),
        foreign key (tenant, provider) references identity_provider (tenant, id)
      ) ${keyed}`,
      'create index identity_mapping_mapped on identity_mapping (tenant, mapped)',
    ],
  },
];
