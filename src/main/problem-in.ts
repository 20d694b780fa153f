import { Refusal } from '#domain/refusal.ts';

/** What a check refuses, in its words; anything else that is thrown is a bug. */
export function problemIn(check: () => unknown): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof Refusal) return [error.message];
    throw error;
  }
}
