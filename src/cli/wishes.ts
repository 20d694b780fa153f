import { dateInput, wireDate } from '#contract/wire/date.ts';
import { TOKEN_FORMATS, type TokenFormat } from '#domain/token.ts';
import { SETTING_DAYS_MAX } from '#domain/token-settings.ts';
import { type Options, textOf } from './command.ts';
import { misunderstood } from './exit.ts';
import type { Here } from './here.ts';

/* What somebody wishes of a new token, as options say it. */

const DAY_MS = 24 * 60 * 60 * 1000;

export function expiryIn({ now }: Here, { expires, days }: Options): { readonly expiresAt?: string } {
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

export function daysIn(text: string, option = 'days'): number {
  const days = Number(text);
  if (/^\d{1,5}$/.test(text) && days >= 1 && days <= SETTING_DAYS_MAX) return days;
  throw misunderstood(`--${option} must be a whole number from 1 to ${SETTING_DAYS_MAX}`);
}

export function formatIn(options: Options): { readonly format?: TokenFormat } {
  const text = textOf(options.format);
  if (text === undefined) return {};
  const format = TOKEN_FORMATS.find((one) => one === text);
  if (format === undefined) throw misunderstood(`--format must be one of ${TOKEN_FORMATS.join(', ')}`);
  return { format };
}
