import * as z from 'zod';
import { documentedAs } from '../documented.ts';

/** Several values of one name: repeated, joined by commas in one value, or mixed; clients do all three. */
export const textList = documentedAs(z.union([z.string(), z.array(z.string())], { error: 'must be text' }), {
  type: 'array',
  items: { type: 'string' },
}).transform((given) => [given].flat().flatMap((text) => text.split(',')));

/** `true` or `false`, as queries write it. */
export const flag = z.enum(['true', 'false'], { error: 'must be true or false' }).transform((text) => text === 'true');
