import { Failure } from '#client/failure.ts';
import type { Input } from '#contract/invoke.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { TOKEN_FORMATS } from '#domain/token.ts';
import { GRACE_MS_MAX } from '#domain/virtual-account.ts';
import { accountBy, accountLines } from './account.ts';
import { type Command, type Options, textOf } from './command.ts';
import { connection } from './connection.ts';
import { misunderstood } from './exit.ts';
import type { Here } from './here.ts';
import { printable } from './printable.ts';
import { agreed } from './users.ts';
import { type Handed, type Way, wayFor } from './way.ts';
import { daysIn, expiryIn, formatIn } from './wishes.ts';

/* Commands that hand over the token of a virtual account: to a person, or into a file, and nowhere else. */

const ACCOUNT_TOKEN: Handed = {
  called: 'Token',
  warning:
    '⚠️ Whoever has this token acts as the account. Store it where its program reads it, in a CI/CD secret store or a ' +
    'secret group; never in Git, and in no chat.',
};

/** Where a value may go: each of these takes it. */
const WAY = { show: 'boolean', out: 'string' } as const;
const DAYS_GRACE_DEFAULT = 30;

export const vaCreate: Command = {
  takes:
    'NAME [--roles ROLE,...] [--team TEAM] [--expires DATE | --days N] ' +
    `[--format ${TOKEN_FORMATS.join('|')}] [--rotate DAYS [--grace DAYS]] [--show | --out FILE]`,
  words: 1,
  options: {
    roles: 'string',
    team: 'string',
    expires: 'string',
    days: 'string',
    format: 'string',
    rotate: 'string',
    grace: 'string',
    ...WAY,
  },
  async run(here, [name = ''], options) {
    const wanted = { name, ...wishesIn(here, options) };
    const { invoke } = connection(here, options);
    return handed(here, options, name, async (way) => {
      const { account, value } = await invoke('ownCreateAccount', wanted);
      const lines = [...accountLines(account), ...way.hand(new Sensitive(value), account.id)];
      return { lines, json: { account, savedIn: way.file ?? null } };
    });
  },
};

export const vaToken: Command = {
  takes: 'NAME-or-ID [--show | --out FILE]',
  words: 1,
  options: WAY,
  async run(here, [word = ''], options) {
    const { invoke } = connection(here, options);
    const { id, name } = await accountBy(invoke, word);
    return handed(here, options, name, async (way) => {
      const { value } = await invoke('ownGetAccountToken', { id });
      return { lines: way.hand(new Sensitive(value), id), json: { id, name, savedIn: way.file ?? null } };
    });
  },
};

export const vaRegenerate: Command = {
  takes: 'NAME-or-ID [--grace 30d|12h|45m|0] [--yes] [--show | --out FILE]',
  words: 1,
  options: { grace: 'string', yes: 'boolean', ...WAY },
  async run(here, [word = ''], options) {
    const graceMinutes = graceIn(textOf(options.grace) ?? `${DAYS_GRACE_DEFAULT}d`);
    const { invoke } = connection(here, options);
    const { id, name } = await accountBy(invoke, word);
    if (graceMinutes === 0) {
      await agreed(here, options, `End every value of ${printable(name)} at once? What uses them stops working.`);
    }
    return handed(here, options, name, async (way) => {
      const { account, value } = await invoke('ownRegenerateAccountToken', { id, graceMinutes });
      const lines = [...accountLines(account), ...way.hand(new Sensitive(value), id)];
      return { lines, json: { account, savedIn: way.file ?? null } };
    });
  },
};

/** Where the value goes is settled before it is asked for. */
async function handed<Result>(here: Here, options: Options, name: string, ask: (way: Way) => Promise<Result>) {
  const way = await wayFor(here, options, ACCOUNT_TOKEN);
  try {
    return await ask(way);
  } catch (error) {
    way.discard();
    throw error instanceof Failure && error.reach === 'perhaps' ? lost(error, name) : error;
  }
}

const lost = (error: Failure, name: string): Failure =>
  new Failure(
    error.code,
    `${error.message} Look with countersign va get ${name}; its token can be read with countersign va token ${name}.`,
    error,
  );

type Wishes = Omit<Input<'ownCreateAccount'>, 'name'>;

function wishesIn(here: Here, options: Options): Wishes {
  const [roles, team] = [textOf(options.roles), textOf(options.team)];
  return {
    ...expiryIn(here, options),
    ...formatIn(options),
    ...rotationIn(options),
    ...(roles === undefined ? {} : { roles: roles.split(',').map((role) => role.trim()) }),
    ...(team === undefined ? {} : { team }),
  };
}

function rotationIn(options: Options): Pick<Wishes, 'autoRotate'> {
  const [rotate, grace] = [textOf(options.rotate), textOf(options.grace)];
  if (rotate === undefined && grace !== undefined) throw misunderstood('--grace is of --rotate: say how often, too.');
  if (rotate === undefined) return {};
  const graceDays = grace === undefined ? DAYS_GRACE_DEFAULT : daysIn(bare(grace), 'grace');
  return { autoRotate: { intervalDays: daysIn(bare(rotate), 'rotate'), graceDays } };
}

/** Days are meant, and may be said. */
const bare = (text: string): string => text.replace(/d$/, '');

const UNITS = { m: 1, h: 60, d: 24 * 60 } as const;
const GRACE = /^(\d{1,6})([mhd])$/;

/** In minutes. */
function graceIn(text: string): number {
  if (text === '0') return 0;
  const [, count = '', unit = ''] = GRACE.exec(text) ?? [];
  const minutes = Number(count) * (UNITS[unit as keyof typeof UNITS] ?? Number.NaN);
  if (minutes * 60_000 <= GRACE_MS_MAX) return minutes;
  throw misunderstood('--grace must be 0, or a number of minutes, hours or days of at most 365 days: 45m, 12h, 30d');
}
