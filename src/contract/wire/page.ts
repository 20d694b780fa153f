import * as z from 'zod';
import { documentedAs } from '../documented.ts';

const LIMIT_MAX = 1000;
/** Further than any list is long. */
const OFFSET_MAX = Number.MAX_SAFE_INTEGER;

/**
 * A whole number, as JSON or as digits in a query. Anything else is refused: `Number('')` would be 0. The bounds are
 * refused too and never clamped: clients read a short page as the last one.
 */
const wholeNumber = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  const digits = z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number);
  const number = z
    .union([z.number(), digits], { error })
    .refine((value) => Number.isInteger(value) && value >= min && value <= max, { error });
  return documentedAs(number, { type: 'integer', minimum: min, maximum: max });
};

export const pageQuery = {
  limit: wholeNumber(1, LIMIT_MAX).default(100),
  offset: wholeNumber(0, OFFSET_MAX).default(0),
};

export const pageOf = <Row extends z.ZodType>(row: Row) =>
  z.object({ data: z.array(row), pagination: z.object({ total: z.int(), offset: z.int(), limit: z.int() }) });

/** Spelled out, and not by its Unicode property, for the readers of a document who do not know those. */
const CONTROL = String.raw`\x00-\x1f\x7f-\x9f`;
const SEARCH_TEXT = new RegExp(`^[^${CONTROL}]{0,256}$`, 'u');

/** The one character that PostgreSQL keeps in no text. */
const NUL = String.raw`\x00`;
const NO_NUL = new RegExp(`^[^${NUL}]*$`, 'u');

/** Text that is kept as it was given. */
export const keptText = (charsMax: number) => z.string().max(charsMax).regex(NO_NUL, 'must have no NUL');

/** Text to search for; what no name can hold finds nothing, but a control character is a mistake. */
export const searchText = z.string().regex(SEARCH_TEXT, 'must have at most 256 characters, and no control characters');
