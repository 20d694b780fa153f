import * as z from 'zod';
import { documentedAs } from './documented.ts';

export const IF_MATCH = 'If-Match';

/** A version as a strong entity tag (RFC 9110, 8.8.3). */
export const entityTag = (version: number): string => `"${version}"`;

const TAG = /^"(\d{1,15})"$/;

const WORDS = 'must be the version that you have seen, as its ETag says it: If-Match: "3". GET it first';

/**
 * The version that the caller has seen, as its ETag said it. Neither `*`, which is any version, nor a list: whoever sends
 * those has not looked.
 */
export const ifMatch = documentedAs(
  z.union([z.string().regex(TAG, WORDS), z.never()], WORDS), // a union has words for what is not there, too
  {
    type: 'string',
    pattern: TAG.source,
    description: 'The version that is to be changed, as the ETag of its GET says it.',
    examples: ['"3"'],
  },
);

export const versionIn = (tag: string): number => Number(TAG.exec(tag)?.[1]);
