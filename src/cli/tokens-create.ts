import { Failure } from '#client/failure.ts';
import type { Input } from '#contract/invoke.ts';
import { dateInput, wireDate } from '#contract/wire/date.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { parseTokenName, TOKEN_FORMATS, type TokenFormat } from '#domain/token.ts';
import { SETTING_DAYS_MAX } from '#domain/token-settings.ts';
import { type Command, type Options, type Said, textOf } from './command.ts';
import { type Connection, connection } from './connection.ts';
import { misunderstood } from './exit.ts';
import type { Here } from './here.ts';
import { type Way, wayFor } from './way.ts';
import { minuteOf } from './when.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Where the value goes is settled before there is one: it can be had once, and a value that goes nowhere is of no use. */
export const tokensCreate: Command = {
  takes: `NAME [--expires DATE | --days N] [--format ${TOKEN_FORMATS.join('|')}] [--show | --out FILE]`,
  words: 1,
  options: { expires: 'string', days: 'string', format: 'string', show: 'boolean', out: 'string' },
  async run(here, [word = ''], options) {
    const wanted = { name: parseTokenName(word), ...expiryIn(here, options), ...formatIn(options) };
    const connected = connection(here, options);
    const way = await wayFor(here, options);
    try {
      return await created(connected, wanted, way);
    } catch (error) {
      way.discard();
      throw error instanceof Failure && error.reach === 'perhaps' ? lost(error, wanted.name) : error;
    }
  },
};

/** Nobody will ever see the value; and the name is taken. */
const lost = (error: Failure, name: string): Failure =>
  new Failure(
    error.code,
    `${error.message} If countersign tokens list shows ${name}, its value is lost: revoke it, then create it again.`,
    error,
  );

type Wanted = Input<'ownCreateToken'>;

async function created({ invoke }: Connection, wanted: Wanted, way: Way): Promise<Said> {
  const { token, value } = await invoke('ownCreateToken', wanted);
  const lines = [
    'Token created successfully!',
    `Name: ${token.name}`,
    `Token (masked): ${token.preview}`,
    `Expires: ${minuteOf(token.expiresAt)}`,
  ];
  return { lines: [...lines, ...way.hand(new Sensitive(value), token.id)], json: { token, savedIn: way.file ?? null } };
}

function expiryIn({ now }: Here, { expires, days }: Options): { readonly expiresAt?: string } {
  const [date, count] = [textOf(expires), textOf(days)];
  if (date !== undefined && count !== undefined) throw misunderstood('Give --expires or --days, not both.');
  if (date !== undefined) return { expiresAt: checkedDate(date) };
  return count === undefined ? {} : { expiresAt: wireDate(now() + daysIn(count) * DAY_MS) };
}

function checkedDate(text: string): string {
  const parsed = dateInput.safeParse(text);
  if (!parsed.success) throw misunderstood(`--expires ${parsed.error.issues[0]?.message}`);
  return text;
}

function daysIn(text: string): number {
  const days = Number(text);
  if (/^\d{1,5}$/.test(text) && days >= 1 && days <= SETTING_DAYS_MAX) return days;
  throw misunderstood(`--days must be a whole number from 1 to ${SETTING_DAYS_MAX}`);
}

function formatIn(options: Options): { readonly format?: TokenFormat } {
  const text = textOf(options.format);
  if (text === undefined) return {};
  const format = TOKEN_FORMATS.find((one) => one === text);
  if (format === undefined) throw misunderstood(`--format must be one of ${TOKEN_FORMATS.join(', ')}`);
  return { format };
}
