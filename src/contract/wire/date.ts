import * as z from 'zod';

/** Every day there is, in years of four digits. */
const DAY = [
  String.raw`\d{4}-(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])`,
  String.raw`\d{4}-(?:0[469]|11)-(?:0[1-9]|[12]\d|30)`,
  String.raw`\d{4}-02-(?:0[1-9]|1\d|2[0-8])`,
  String.raw`(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29`,
].join('|');
const HOUR_AND_MINUTE = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;
const ZONE = String.raw`[Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d`;
/** A date, or a time to the minute or finer; Python writes microseconds and, now and then, a space. */
const DATE = new RegExp(String.raw`^(?:${DAY})(?:[Tt ]${HOUR_AND_MINUTE}(?::[0-5]\d(?:[.,]\d{1,9})?)?(?:${ZONE})?)?$`);
/** What stands after the date and the letter. */
const TIME = /^([\d:]{5,8})(?:[.,](\d+))?(.*)$/;
const FOUR_DIGIT_YEAR = /^\d{4}-/;
const MINUTE_MS = 60_000;

/** Instants as the wire writes them. Required dates of what never ends are this far away. */
export const NEVER = '2999-12-31T00:00:00.000Z';
export const wireDate = (at: number): string => new Date(at).toISOString();

/** ISO 8601; without a zone it is UTC, and a date alone is its first instant. Becomes an instant. */
export const dateInput = z
  .string()
  .meta({
    pattern: DATE.source,
    description:
      'ISO 8601: a date, which is its first instant, or a time to the minute or finer; UTC where it names no zone. In the future.',
    examples: ['2099-12-31', '2099-12-31T10:00:00Z'],
  })
  .transform((text, context): number => {
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
  if (!DATE.test(text)) return undefined;
  const [, clock = '00:00', fraction = '', zone = ''] = TIME.exec(text.slice('2026-09-01T'.length)) ?? [];
  const seconds = clock.length > '00:00'.length ? '' : ':00';
  const local = Date.parse(
    `${text.slice(0, '2026-09-01'.length)}T${clock}${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`,
  );
  const offset = offsetMinutes(zone) * MINUTE_MS;
  const instant = local - (zone.startsWith('-') ? -offset : offset);
  return FOUR_DIGIT_YEAR.test(wireDate(instant)) ? instant : undefined;
}

function offsetMinutes(zone: string): number {
  const digits = zone.replace(/\D/g, '').padEnd(4, '0');
  return Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
}
