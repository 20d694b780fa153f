import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Site } from '#api/handler.ts';
import { openApi } from '#contract/openapi.ts';
import { OPERATIONS } from '#contract/operations.ts';
import { SESSION_COOKIE } from '#http/cookie.ts';
import type { Core, Page } from '#http/core.ts';

const CONSOLE = fileURLToPath(new URL('../../console', import.meta.url));

/** Everything that is served as it is, read once. */
export function readPages(): Core['pages'] {
  const file = (name: string, type: string) => ({ type, body: readFileSync(join(CONSOLE, name), 'utf8') });
  const page = file('index.html', 'text/html; charset=utf-8');
  return {
    health: { type: 'text/plain; charset=utf-8', body: 'OK!' },
    ...{ home: page, setUp: page, invitation: page },
    ...{
      api: file('api.html', 'text/html; charset=utf-8'),
      apiScript: file('api.js', 'text/javascript; charset=utf-8'),
    },
    apiStyle: file('api.css', 'text/css; charset=utf-8'),
    script: file('console.js', 'text/javascript; charset=utf-8'),
    style: file('console.css', 'text/css; charset=utf-8'),
  };
}

/** Written once, when it is first asked for: only then is it known where the server listens. */
export function documentOf({ origin, version, tenant }: Site): Page {
  let text: string | undefined;
  const written = () =>
    JSON.stringify(
      openApi(OPERATIONS, { origin: origin(), version, tenant: tenant.name, sessionCookie: SESSION_COOKIE }),
    );
  return {
    type: 'application/json; charset=utf-8',
    get body() {
      text ??= written();
      return text;
    },
  };
}
