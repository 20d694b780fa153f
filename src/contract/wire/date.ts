import * as z from 'zod';

/** A date, or a time to the minute or finer; Python writes microseconds and, now and then, a space. */
const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?)?$/i;
const FOUR_DIGIT_YEAR = /^\d{4}-/;
const MINUTE_MS = 60_000;

/** Instants as the wire writes them. Required dates of what never ends are this far away. */
export const NEVER = '2999-12-31T00:00:00.000Z';
export const wireDate = (at: number): string => new Date(at).toISOString();

/** ISO 8601; without a zone it is UTC, and a date alone is its first instant. Becomes an instant. */
export const dateInput = z.string().transform((text, context): number => {
  const at = instantIn(text);
  if (at !== undefined) return at;
  context.addIssue({
    code: 'custom',
    message: 'must be an ISO 8601 date or time, as 2026-09-01 or 2026-09-01T10:00:00Z',
  });
  return z.NEVER;
});

/**
 * Undefined for a day or an hour that no calendar has: `Date` would roll it over into the next. A zone can move a date
 * past the year 9999, where ISO 8601 needs a sign and clients stop reading.
 */
function instantIn(text: string): number | undefined {
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = DATE.exec(text) ?? [];
  if (year === undefined) return undefined;
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [y, mo, d, h, mi, s] = fields;
  const date = new Date(0);
  date.setUTCFullYear(y, mo - 1, d); // Date.UTC would take the year 26 for 1926
  date.setUTCHours(h, mi, s, Number(fraction.slice(0, 3).padEnd(3, '0')));
  const [Y, Mo, D] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  const same = [Y, Mo, D, date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  const offset = offsetMinutes(zone);
  const instant = date.getTime() - (zone.startsWith('-') ? -offset : offset) * MINUTE_MS;
  return same.every((part, at) => part === fields[at]) && FOUR_DIGIT_YEAR.test(wireDate(instant)) ? instant : undefined;
}

function offsetMinutes(zone: string): number {
  const digits = zone.replace(/\D/g, '').padEnd(4, '0');
  return Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
}
