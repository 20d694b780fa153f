import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Core } from '#http/core.ts';

const CONSOLE = fileURLToPath(new URL('../../console', import.meta.url));

/** Everything that is served as it is, read once. */
export function readPages(): Core['pages'] {
  const file = (name: string, type: string) => ({ type, body: readFileSync(join(CONSOLE, name), 'utf8') });
  const page = file('index.html', 'text/html; charset=utf-8');
  return {
    health: { type: 'text/plain; charset=utf-8', body: 'OK!' },
    ...{ home: page, setUp: page, invitation: page },
    script: file('console.js', 'text/javascript; charset=utf-8'),
    style: file('console.css', 'text/css; charset=utf-8'),
  };
}
