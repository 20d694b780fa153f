import type { Sensitive } from '#domain/sensitive.ts';
import type { Site } from './handler.ts';

/** With the code in the fragment, which browsers keep to themselves: it reaches no server, no proxy and no log. */
export const linkTo = (site: Site, path: '/set-up' | '/invitation', code: Sensitive): string =>
  `${site.origin()}${path}#${code.reveal()}`;
