import type { Resource } from '#domain/grant.ts';
import type { SubjectRef } from '#domain/subject.ts';

/** `add` refuses what is there, `replace` makes it the only one that they hold there by themselves, `remove` takes all. */
export type Turn =
  | {
      readonly how: 'add' | 'replace';
      readonly subject: SubjectRef;
      readonly resource: Resource;
      readonly role: string;
    }
  | { readonly how: 'remove'; readonly subject: SubjectRef; readonly resource: Resource };
