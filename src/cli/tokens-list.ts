import type { OwnToken } from '#contract/own/token.ts';
import type { Command } from './command.ts';
import { connection } from './connection.ts';
import { table } from './printable.ts';
import { allTokens } from './token.ts';
import { dayOf, useOf } from './when.ts';

export const tokensList: Command = {
  takes: '[--all]',
  words: 0,
  options: { all: 'boolean' },
  async run(here, _, options) {
    const { invoke } = connection(here, options);
    const tokens = await allTokens(invoke, options.all === true ? 'included' : 'left-out');
    const standing = tokens.filter(({ state }) => state !== 'revoked');
    const revoked = tokens.filter(({ state }) => state === 'revoked');
    return {
      lines: [...standingLines(standing), ...(options.all === true ? revokedLines(revoked) : [])],
      json: tokens,
    };
  },
};

function standingLines(tokens: readonly OwnToken[]): readonly string[] {
  if (tokens.length === 0) return ['No personal access tokens. Create one with: countersign tokens create NAME'];
  const rows = tokens.map((token) => [token.name, token.id, dayOf(token.createdAt), expiry(token)]);
  return ['Personal Access Tokens:', ...table(['Name', 'ID', 'Created At', 'Expires At'], rows)];
}

const expiry = ({ expiresAt, state }: OwnToken): string =>
  state === 'expired' ? `${dayOf(expiresAt)} (expired)` : dayOf(expiresAt);

function revokedLines(tokens: readonly OwnToken[]): readonly string[] {
  if (tokens.length === 0) return ['', 'No revoked tokens in the last 90 days.'];
  const rows = tokens.map(({ name, id, revoked, usedAfterEnd }) => [
    ...[name, id, dayOf(revoked?.at ?? null), revoked?.by.name ?? '', revoked?.reason ?? ''],
    useOf(usedAfterEnd),
  ]);
  return ['', 'Revoked Tokens:', ...table(['Name', 'ID', 'Revoked At', 'By', 'Reason', 'Still Used'], rows)];
}
