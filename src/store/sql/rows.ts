import type { Ended, LastUse, PersonalAccessToken, Token } from '#domain/token.ts';
import type { Schema } from './schema.ts';

/* What rows of tokens mean. */

type PatRow = Schema['personal_access_token'];

export const NOT_ENDED = { ended_at: null, ended_by: null, end_reason: null } as const;

export const endColumns = ({ at, by, reason }: Ended) => ({ ended_at: at, ended_by: by, end_reason: reason });

const endOf = (row: Pick<PatRow, 'ended_at' | 'ended_by' | 'end_reason'>): Ended | undefined =>
  row.ended_at === null || row.ended_by === null || row.end_reason === null
    ? undefined
    : { at: row.ended_at, by: row.ended_by, reason: row.end_reason };

export const patOf = (row: PatRow): PersonalAccessToken => ({
  ...{ id: row.id, owner: row.owner, name: row.name, createdBy: row.created_by },
  ...{ createdAt: row.created_at, updatedAt: row.updated_at },
  ...{ expiresAt: row.expires_at ?? undefined, ended: endOf(row) },
  team: row.team ?? undefined,
  kind: row.kind ?? 'pat',
});

export const tokenOf = (row: Schema['token']): Token => ({
  ...{ id: row.id, kind: row.kind, pat: row.pat, subject: row.subject, generation: row.generation },
  ...{ format: row.format, signedBy: row.signed_by ?? undefined, preview: row.preview },
  ...{ createdAt: row.created_at, expiresAt: row.expires_at ?? undefined, ended: endOf(row) },
});

/** Of columns that an outer join may not have found. */
export const useOf = (at: number | null, surface: string | null, address: string | null): LastUse | undefined =>
  at === null || surface === null ? undefined : { at, surface, address: address ?? undefined };

export const latest = (uses: readonly (LastUse | undefined)[]): LastUse | undefined =>
  uses.reduce((last, use) => (last !== undefined && (use === undefined || last.at >= use.at) ? last : use), undefined);
