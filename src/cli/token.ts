import { Failure } from '#client/failure.ts';
import type { Invoke } from '#contract/invoke.ts';
import type { OwnToken } from '#contract/own/token.ts';
import { TOKEN_ABSENT } from '#contract/token-words.ts';
import { ID } from '#domain/id.ts';
import { refused } from './exit.ts';
import { allPages, PAGE } from './pages.ts';
import { useOf } from './when.ts';

export const allTokens = (invoke: Invoke, revoked: 'included' | 'left-out'): Promise<readonly OwnToken[]> =>
  allPages((page) => invoke('ownListTokens', { revoked, ...page }));

/** The one that a person means by its id or its name. Names are unique among those that are not revoked. */
export async function tokenBy(invoke: Invoke, word: string): Promise<OwnToken> {
  const { data } = await invoke('ownListTokens', { name: word, limit: PAGE });
  const named = data.filter(({ name }) => name === word);
  const byName = named.find(({ state }) => state !== 'revoked');
  const byId = ID.test(word) ? await tokenWithId(invoke, word) : undefined;
  if (byId !== undefined && byName !== undefined && byId.id !== byName.id) throw ambiguous(word, byName);
  const found = byId ?? byName;
  if (found !== undefined) return found;
  throw refused(endedWords(named[0]) ?? TOKEN_ABSENT);
}

async function tokenWithId(invoke: Invoke, id: string): Promise<OwnToken | undefined> {
  try {
    return (await invoke('ownGetToken', { id })).token;
  } catch (error) {
    if (error instanceof Failure && error.code === 'not_found') return undefined;
    throw error;
  }
}

const ambiguous = (word: string, { id }: OwnToken) =>
  refused(`${word} is the ID of one token and the name of another. To name the other, use its ID: ${id}`);

function endedWords(token: OwnToken | undefined): string | undefined {
  if (token?.revoked == null) return undefined;
  return `The token ${token.name} was revoked already, on ${token.revoked.at.slice(0, 10)} by ${token.revoked.by.name}.`;
}

/** What a person must see before they end it. */
export const detailsOf = (token: OwnToken) => ({
  Name: token.name,
  ID: token.id,
  Token: token.preview,
  'Last used': useOf(token.lastUsed),
});
