import * as z from 'zod';
import { documentedAs } from './documented.ts';

/** As JSON. */
const TAGS_CHARS_MAX = 8_192;
/** Objects and lists within each other: what walks them does it by calling itself. */
const TAGS_DEPTH_MAX = 10;

/** Whatever JSON somebody wants to find an account by, of bounded size. */
export const boundedTags = documentedAs(
  z
    .record(z.string(), z.unknown())
    .refine((tags) => depthOf(tags) <= TAGS_DEPTH_MAX, { error: `must be at most ${TAGS_DEPTH_MAX} deep`, abort: true })
    .refine(
      (tags) => JSON.stringify(tags).length <= TAGS_CHARS_MAX,
      `must have at most ${TAGS_CHARS_MAX} characters as JSON`,
    ),
  { type: 'object', description: `At most ${TAGS_CHARS_MAX} characters as JSON, and ${TAGS_DEPTH_MAX} deep.` },
);

/** Level by level, since a body can be deeper than anything may call itself. */
function depthOf(value: unknown): number {
  let depth = 0;
  for (let level = childrenOf(value); level.length > 0 && depth <= TAGS_DEPTH_MAX; level = level.flatMap(childrenOf)) {
    depth += 1;
  }
  return depth;
}

const childrenOf = (value: unknown): readonly unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : [];
