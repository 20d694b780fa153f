import type { Sensitive } from '#domain/sensitive.ts';
import type { PatView } from '#domain/token.ts';

/** A personal access token with the value that was issued for it just now. */
export type CreatedPat = { readonly view: PatView; readonly value: Sensitive };
