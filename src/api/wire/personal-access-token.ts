import { createPat } from '#app/token/create.ts';
import { getOrCreatePat } from '#app/token/get-or-create.ts';
import { listPats } from '#app/token/list.ts';
import { revokeAllPats, revokePat } from '#app/token/revoke.ts';
import { NEVER, wireDate } from '#contract/wire/date.ts';
import type { PERSONAL_ACCESS_TOKEN_OPERATIONS, PersonalAccessTokenRow } from '#contract/wire/personal-access-token.ts';
import type { Caller } from '#domain/caller.ts';
import { parseId } from '#domain/id.ts';
import type { Instant } from '#domain/instant.ts';
import { parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { type PatView, type PersonalAccessToken, parseTokenName, type Token } from '#domain/token.ts';
import { standingOf } from '#domain/verification.ts';
import type { Handlers } from '../handler.ts';
import { subjectOf } from './subject.ts';

export const personalAccessTokenHandlers: Handlers<typeof PERSONAL_ACCESS_TOKEN_OPERATIONS> = {
  wireListPats: async (api, caller, { limit, offset, nameSearchQuery }) => {
    const { rows, total } = await listPats(api, caller, { limit, offset, nameContains: nameSearchQuery });
    const now = api.clock.now();
    return { data: rows.map((view) => rowOf(caller, view, now)), pagination: { total, offset, limit } };
  },
  wireCreatePat: async (api, caller, { name, expirationDate, accountName, teamName, tokenType }) => {
    if (teamName !== undefined) throw noTeams();
    if (accountName !== undefined && accountName !== caller.tenant.name) throw oneAccount(caller);
    if (tokenType === 'jwt') throw opaqueOnly();
    const wanted = { name: parseTokenName(name), expiresAt: expirationDate };
    return { token: (await createPat(api, caller, wanted)).reveal() };
  },
  wireGetOrCreatePat: async (api, caller, { name, teamName }) => {
    const options = { mayCreate: teamName === undefined };
    const { view, value, created } = await getOrCreatePat(api, caller, parseTokenName(name), options).catch(
      noTeamOwnsOne,
    );
    return { data: rowOf(caller, view, api.clock.now()), token: value.reveal(), created };
  },
  wireDeletePat: async (api, caller, { id }) => {
    await revokePat(api, caller, parseId(id));
    return {};
  },
  wireRevokeAllPats: async (api, caller, { email }) => {
    await revokeAllPats(api, caller, parseEmail(email));
    return {};
  },
};

/** `teamName` says who is to own the token that has to be made. */
function noTeamOwnsOne(error: unknown): never {
  throw error instanceof Refusal && error.code === 'not_found' ? noTeams() : error;
}

const noTeams = (): Refusal =>
  new Refusal('invalid_request', 'There are no teams on this server yet. Leave teamName out.', {
    problems: [{ field: 'teamName', problem: 'names no team' }],
  });

const oneAccount = ({ tenant }: Caller): Refusal =>
  new Refusal('invalid_request', `There is one account on this server, ${tenant.name}. Leave accountName out.`, {
    problems: [{ field: 'accountName', problem: `must be ${tenant.name}` }],
  });

const opaqueOnly = (): Refusal =>
  new Refusal('invalid_request', 'This server issues opaque tokens only. Leave tokenType out, or say "opaque".', {
    problems: [{ field: 'tokenType', problem: 'must be opaque' }],
  });

/** Our token in the public product's words. */
function rowOf({ principal, tenant }: Caller, { pat, tokens, lastUse }: PatView, now: Instant): PersonalAccessTokenRow {
  const [newest] = tokens;
  return {
    ...{ id: pat.id, name: pat.name, type: 'pat', tenantName: tenant.name, accountId: tenant.id },
    manifest: {
      ...{ type: 'virtual-account', name: pat.name, permissions: [] },
      ...(pat.expiresAt === undefined ? {} : { expiration_date: wireDate(pat.expiresAt) }),
      ...{ user_fqn: `user:${principal.name}`, token_type: 'opaque' },
    },
    ...(newest === undefined ? {} : { jwtId: newest.id }),
    createdBySubject: subjectOf(principal),
    ...{ createdAt: wireDate(pat.createdAt), updatedAt: wireDate(pat.updatedAt) },
    ...(lastUse === undefined ? {} : { lastAccessedAt: wireDate(lastUse.at) }),
    isExpired: standingOf({ ended: pat.ended !== undefined, expiresAt: pat.expiresAt }, now) === 'expired',
    jwts: tokens.map((token) => jwtOf(pat, token)),
    metadata: {
      ...(newest === undefined ? {} : { preview: newest.preview }),
      ...(lastUse === undefined ? {} : { lastUsedSurface: lastUse.surface }),
      ...(lastUse?.address === undefined ? {} : { lastUsedAddress: lastUse.address }),
    },
  };
}

const jwtOf = (
  pat: PersonalAccessToken,
  { id, expiresAt, createdAt }: Token,
): PersonalAccessTokenRow['jwts'][number] => ({
  ...{ id, subjectType: 'serviceaccount', subjectId: pat.id, tokenType: 'opaque' },
  expiry: expiresAt === undefined ? NEVER : wireDate(expiresAt),
  ...{ createdAt: wireDate(createdAt), updatedAt: wireDate(createdAt) },
});
