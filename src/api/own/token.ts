import { awaitAll, boundsInForce, type Heard } from '#app/node/await-all.ts';
import { createPat } from '#app/token/create.ts';
import { getPat, listPats } from '#app/token/list.ts';
import { renamePat } from '#app/token/rename.ts';
import { revokePat } from '#app/token/revoke.ts';
import { type ShownPat, shown } from '#app/token/shown.ts';
import type { OwnToken, TOKEN_OPERATIONS } from '#contract/own/token.ts';
import { wireDate } from '#contract/wire/date.ts';
import type { Caller } from '#domain/caller.ts';
import { parseId } from '#domain/id.ts';
import type { Instant } from '#domain/instant.ts';
import type { Principal } from '#domain/principal.ts';
import { type LastUse, type PatView, parseTokenName } from '#domain/token.ts';
import type { Api, Handlers } from '../handler.ts';

export const tokenHandlers: Handlers<typeof TOKEN_OPERATIONS> = {
  ownListTokens: async (api, caller, { limit, offset, name, revoked }) => {
    const page = { limit, offset, nameContains: name, isRevokedToo: revoked === 'included' };
    const { rows, total } = await listPats(api, caller, page);
    return { data: (await shown(api, caller, rows)).map(tokenOf), pagination: { total, offset, limit } };
  },
  ownCreateToken: async (api, caller, { name, expiresAt, format }, once) => {
    const asked = { name: parseTokenName(name), expiresAt: expiresAt ?? undefined, format };
    const { view, value } = await createPat(api, caller, asked, once);
    return { token: await one(api, caller, view), value: value.reveal() };
  },
  ownGetToken: async (api, caller, { id }) => ({
    token: await one(api, caller, await getPat(api, caller, parseId(id))),
  }),
  ownRenameToken: async (api, caller, { id, name }) => ({
    token: await one(api, caller, await renamePat(api, caller, parseId(id), parseTokenName(name))),
  }),
  ownRevokeToken: async (api, caller, { id, reason, wait }) => {
    const revoked = await revokePat(api, caller, parseId(id), reason);
    const bounds = await boundsInForce(api);
    const revocation = wait ? { ...bounds, nodes: nodesOf(await awaitAll(api)) } : bounds;
    return { token: await one(api, caller, revoked), revocation };
  },
};

async function one(api: Api, caller: Caller, view: PatView): Promise<OwnToken> {
  const [only] = await shown(api, caller, [view]);
  return tokenOf(only as ShownPat);
}

function tokenOf({ pat, tokens, endsAt, state, createdBy, endedBy, lastUse, deadUse }: ShownPat): OwnToken {
  const [newest] = tokens;
  if (newest === undefined) throw new Error('the newest value of a token ends only with the token itself');
  return {
    ...{ id: pat.id, name: pat.name, preview: newest.preview, format: newest.format, state },
    ...{ createdAt: wireDate(pat.createdAt), createdBy: personOf(createdBy) },
    ...{ expiresAt: dateOf(endsAt), lastUsed: useOf(lastUse), values: tokens.length },
    usedAfterEnd: useOf(afterEnd({ pat, endsAt, state, deadUse })),
    revoked:
      pat.ended === undefined || endedBy === undefined
        ? null
        : { at: wireDate(pat.ended.at), by: personOf(endedBy), reason: pat.ended.reason },
  };
}

/** Of a value that newer ones have replaced, an old browser tab may still hold it: that is no use of what has ended. */
function afterEnd({ pat, endsAt, state, deadUse }: Pick<ShownPat, 'pat' | 'endsAt' | 'state' | 'deadUse'>) {
  const endedAt = pat.ended?.at ?? endsAt ?? Number.POSITIVE_INFINITY;
  return state !== 'live' && deadUse !== undefined && deadUse.at >= endedAt ? deadUse : undefined;
}

const nodesOf = ({ acknowledged, silent, late }: Heard) => ({
  ...{ acknowledged: [...acknowledged], silent: [...silent], late: [...late] },
});

const personOf = ({ id, name }: Principal) => ({ id, name });

const dateOf = (at: Instant | undefined): string | null => (at === undefined ? null : wireDate(at));

const useOf = (use: LastUse | undefined): OwnToken['lastUsed'] =>
  use === undefined ? null : { at: wireDate(use.at), surface: use.surface, address: use.address ?? null };
