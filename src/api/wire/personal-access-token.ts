import { createPat, createPatFor } from '#app/token/create.ts';
import { getOrCreatePat } from '#app/token/get-or-create.ts';
import { listPats } from '#app/token/list.ts';
import { revokeAllPats, revokePat } from '#app/token/revoke.ts';
import { type ShownPat, shown } from '#app/token/shown.ts';
import { refuseValue } from '#app/token/value.ts';
import { NEVER, wireDate } from '#contract/wire/date.ts';
import type { PERSONAL_ACCESS_TOKEN_OPERATIONS, PersonalAccessTokenRow } from '#contract/wire/personal-access-token.ts';
import type { Caller } from '#domain/caller.ts';
import { parseId } from '#domain/id.ts';
import { parseEmail } from '#domain/principal.ts';
import { Refusal } from '#domain/refusal.ts';
import { type PatId, parseTokenName, type StandingToken } from '#domain/token.ts';
import type { Handlers } from '../handler.ts';
import { subjectOf } from './subject.ts';

export const personalAccessTokenHandlers: Handlers<typeof PERSONAL_ACCESS_TOKEN_OPERATIONS> = {
  wireListPats: async (api, caller, { limit, offset, nameSearchQuery }) => {
    const { rows, total } = await listPats(api, caller, { limit, offset, nameContains: nameSearchQuery });
    const data = (await shown(api, caller, rows)).map((view) => rowOf(caller, view));
    return { data, pagination: { total, offset, limit } };
  },
  wireCreatePat: async (api, caller, { name, expirationDate, accountName, teamName, tokenType }, once) => {
    if (accountName !== undefined && accountName !== caller.tenant.name) throw oneAccount(caller);
    const asked = { name: parseTokenName(name), expiresAt: expirationDate, format: tokenType, team: teamName };
    const { value } = await createPat(api, caller, asked, once).catch(inTheWiresWords);
    return { token: value.reveal() };
  },
  wireCreatePatForUser: async (api, caller, { name, userEmail, expirationDate, teamName }, once) => {
    const owner = { email: parseEmail(userEmail), team: teamName };
    const asked = { name: parseTokenName(name), expiresAt: expirationDate, ...owner };
    const made = createPatFor(api, caller, asked, once);
    return { token: (await made.catch(inTheWiresWords)).value.reveal() };
  },
  wireGetPatToken: async (api, caller) => {
    throw await refuseValue(api, caller);
  },
  wireGetOrCreatePat: async (api, caller, { name, teamName }) => {
    const options = { team: teamName };
    const { view, value, created } = await getOrCreatePat(api, caller, parseTokenName(name), options);
    const [data] = (await shown(api, caller, [view])).map((one) => rowOf(caller, one));
    return { data: data as PersonalAccessTokenRow, token: value.reveal(), created };
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

const oneAccount = ({ tenant }: Caller): Refusal =>
  new Refusal('invalid_request', `There is one account on this server, ${tenant.name}. Leave accountName out.`, {
    problems: [{ field: 'accountName', problem: `must be ${tenant.name}` }],
  });

/** The wire calls this field by another name. */
function inTheWiresWords(error: unknown): never {
  if (!(error instanceof Refusal) || !error.problems.some(({ field }) => field === 'expiresAt')) throw error;
  const problems = error.problems.map(({ problem }) => ({ field: 'expirationDate', problem }));
  throw new Refusal(error.code, error.message, { problems, cause: error });
}

/** Our token in the public product's words. */
function rowOf({ principal, tenant }: Caller, view: ShownPat): PersonalAccessTokenRow {
  const { pat, tokens, endsAt, lastUse, team } = view;
  const [newest] = tokens;
  return {
    ...{ id: pat.id, name: pat.name, type: 'pat', tenantName: tenant.name, accountId: tenant.id },
    manifest: {
      ...{ type: 'virtual-account', name: pat.name, permissions: [] },
      ...(endsAt === undefined ? {} : { expiration_date: wireDate(endsAt) }),
      ...{ user_fqn: `user:${principal.name}`, token_type: newest?.format ?? 'opaque' },
      ...(team === undefined ? {} : { ownedBy: { account: tenant.name, team: team.name } }),
    },
    ...(newest === undefined ? {} : { jwtId: newest.id }),
    createdBySubject: subjectOf(view.createdBy),
    ...{ createdAt: wireDate(pat.createdAt), updatedAt: wireDate(pat.updatedAt) },
    ...(lastUse === undefined ? {} : { lastAccessedAt: wireDate(lastUse.at) }),
    isExpired: view.state === 'expired',
    jwts: tokens.map((token) => jwtOf(pat.id, token)),
    metadata: {
      ...(newest === undefined ? {} : { preview: newest.preview }),
      ...(lastUse === undefined ? {} : { lastUsedSurface: lastUse.surface }),
      ...(lastUse?.address === undefined ? {} : { lastUsedAddress: lastUse.address }),
    },
  };
}

const jwtOf = (
  pat: PatId,
  { id, endsAt, format, createdAt }: StandingToken,
): PersonalAccessTokenRow['jwts'][number] => ({
  ...{ id, subjectType: 'serviceaccount', subjectId: pat, tokenType: format },
  expiry: endsAt === undefined ? NEVER : wireDate(endsAt),
  ...{ createdAt: wireDate(createdAt), updatedAt: wireDate(createdAt) },
});
