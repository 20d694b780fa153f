import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from '#app/tenant/at.ts';
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

/** Written once for each address of a tenant, when it is first asked for there: so many as the operator has named. */
export function documents(version: string): (place: Place) => Page {
  const written = new Map<string, Page>();
  return ({ tenant, origin }) => {
    const key = `${tenant.name} ${origin}`;
    const page = written.get(key) ?? {
      type: 'application/json; charset=utf-8',
      body: JSON.stringify(
        openApi(OPERATIONS, { origin, version, tenant: tenant.name, sessionCookie: SESSION_COOKIE }),
      ),
    };
    written.set(key, page);
    return page;
  };
}
