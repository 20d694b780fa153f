import type { Sensitive } from '#domain/sensitive.ts';

/** With the code in the fragment, which browsers keep to themselves: it reaches no server, no proxy and no log. */
export const linkTo = (origin: string, path: '/set-up' | '/invitation', code: Sensitive): string =>
  `${origin}${path}#${code.reveal()}`;
