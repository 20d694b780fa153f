import type { Output } from '#contract/invoke.ts';
import type { OwnToken } from '#contract/own/token.ts';
import { REVOKE_REASONS, type RevokeReason } from '#domain/token.ts';
import { type Command, type Options, textOf } from './command.ts';
import { connection } from './connection.ts';
import { misunderstood, refused } from './exit.ts';
import type { Here } from './here.ts';
import { fields, printable } from './printable.ts';
import { detailsOf, tokenBy } from './token.ts';

export const tokensRevoke: Command = {
  takes: `ID-or-NAME [--reason ${REVOKE_REASONS.join('|')}] [--wait] [--yes]`,
  words: 1,
  options: { reason: 'string', wait: 'boolean', yes: 'boolean' },
  async run(here, [word = ''], options) {
    const reason = reasonIn(options);
    if (options.yes !== true && here.ask === undefined) {
      throw refused('Revoking is for ever, and nobody can be asked here. Say --yes where it is meant.');
    }
    const { invoke } = connection(here, options);
    const token = await tokenBy(invoke, word);
    if (options.yes !== true) await agreed(here, token);
    const answer = await invoke('ownRevokeToken', { id: token.id, reason, wait: options.wait === true });
    return { lines: linesOf(token, answer), json: answer };
  },
};

function reasonIn(options: Options): RevokeReason {
  const text = textOf(options.reason) ?? 'deleted';
  const reason = REVOKE_REASONS.find((one) => one === text);
  if (reason === undefined) throw misunderstood(`--reason must be one of ${REVOKE_REASONS.join(', ')}`);
  return reason;
}

async function agreed({ ask, err }: Here, token: OwnToken): Promise<void> {
  err.write(`${fields(detailsOf(token)).join('\n')}\n`);
  const yes = await ask?.confirm(`Revoke ${printable(token.name)} for ever? Whatever still uses it stops working.`);
  if (yes !== true) throw refused('Nothing was revoked.');
}

/** A second time says when it happened, and changes nothing. */
function linesOf(token: OwnToken, { revocation }: Output<'ownRevokeToken'>): readonly string[] {
  const { boundMs, staleMsMax, nodes } = revocation;
  return [
    ...(token.state === 'revoked' ? ['It was revoked already:'] : ['Token revoked.']),
    ...fields(detailsOf(token)),
    'This server refuses it from now on. ' +
      `Other verifiers (gateways, nodes): ${within(boundMs)}; cut off, ${within(staleMsMax)}.`,
    ...(nodes === undefined ? [] : nodeLines(nodes)),
  ];
}

type Nodes = NonNullable<Output<'ownRevokeToken'>['revocation']['nodes']>;

const nodeLines = ({ acknowledged, silent, late }: Nodes): readonly string[] => [
  `Refused by ${listed(acknowledged)}.`,
  ...(silent.length === 0 ? [] : [`Cut off or gone, and so refusing everything: ${listed(silent)}.`]),
  ...(late.length === 0 ? [] : [`NOT YET SEEN TO REFUSE IT: ${listed(late)}. Look at these nodes.`]),
];

const listed = (names: readonly string[]): string => names.map(printable).join(', ');

const within = (ms: number): string => (ms === 0 ? 'at once' : `within ${ms / 1000} s`);
