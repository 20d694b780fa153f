import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { STATUS } from '#contract/errors.ts';
import { openApi } from '#contract/openapi.ts';
import type { Operation } from '#contract/operation.ts';
import { OPERATION_IDS, OPERATIONS, type OperationId } from '#contract/operations.ts';
import { has, needing, usePart } from '#support/parts.ts';
import { openWorld } from '#support/world.ts';
import { requestFor } from '../authz/matrix.ts';

type Parameter = { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: object };
type Described = {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly object[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, { readonly schema: object }> };
  readonly responses: Readonly<Record<string, { readonly $ref?: string }>>;
};
type Document = {
  readonly servers: readonly { readonly url: string }[];
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly responses: Readonly<Record<string, { readonly headers: object }>> };
  readonly 'x-countersign-refused': readonly { readonly operationId: string; readonly status: number }[];
};

const SITE = { origin: 'https://x.example', version: '1.2.3', tenant: 'acme', sessionCookie: '__Host-session' };
const written = openApi(OPERATIONS, SITE) as unknown as Document;
const row = (id: OperationId): Operation => OPERATIONS[id];

const all = Object.entries(written.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, described]) => ({ path, method, ...described })),
);
function describedAs(id: OperationId) {
  const [one, ...others] = all.filter(({ operationId }) => operationId === id);
  if (one === undefined || others.length > 0)
    throw new Error(`${id} stands ${others.length} times too often, or not at all`);
  return one;
}

const OFFERED = OPERATION_IDS.filter((id) => row(id).refused === undefined);

test('the document offers every operation once, and names apart those that are there only to say no', () => {
  expect(all.map(({ operationId }) => operationId).sort()).toEqual([...OFFERED].sort());
  const refused = OPERATION_IDS.flatMap((id) => {
    const { refused } = row(id);
    return refused === undefined ? [] : [{ operationId: id, status: STATUS[refused] }];
  });
  expect(written['x-countersign-refused']).toMatchObject(refused);
});

test('these say no to whoever asks, an administrator too, in the words of their code', async () => {
  const world = await openWorld();
  const { token } = await world.person('admin', 'tenant-admin');
  for (const { operationId, status } of written['x-countersign-refused']) {
    const answer = await world.send({ ...requestFor(operationId as OperationId), token });
    expect({ operationId, status: answer.status }).toEqual({ operationId, status });
  }
});

test.each(OFFERED)('%s is described by its row and by nothing else', (id) => {
  const { method, access, action, effect, reveals, summary, input, replayable } = row(id);
  const { parameters, requestBody, ...described } = describedAs(id);
  expect(described).toMatchObject({
    ...{ method: method.toLowerCase(), summary },
    security: access === 'public' ? [] : [{ token: [] }, { session: [] }],
    'x-countersign-action': action,
    'x-countersign-effect': effect,
    'x-countersign-reveals': reveals,
  });
  const placed = Map.groupBy(parameters, (parameter) => parameter.in);
  expect(placed.get('path')?.length ?? 0).toBe(Object.keys(input.path?.shape ?? {}).length);
  for (const { name } of placed.get('query') ?? []) expect(Object.keys(input.query?.shape ?? {})).toContain(name);
  expect(placed.get('header')?.map(({ name }) => name) ?? []).toEqual([
    ...Object.keys(input.header?.shape ?? {}),
    ...(replayable ? ['Idempotency-Key'] : []),
  ]);
  expect(Object.keys(requestBody?.content ?? {})).toEqual(input.body ? ['application/json'] : []);
});

test('two rows at one place share a template, whatever each calls its placeholder', () => {
  const templates = Object.keys(written.paths).map((path) => path.replace(/\{\w+\}/g, '{}'));
  expect(new Set(templates).size).toBe(templates.length);
  expect(Object.keys(written.paths['/api/svc/v1/personal-access-tokens/{nameOrId}'] ?? {})).toEqual(['get', 'delete']);
});

test.each(OFFERED)('%s names every status that it can answer with, each in the one shape', (id) => {
  const { responses } = describedAs(id);
  const always = [200, 400, 408, 413, 415, 429, 431, 500, 503];
  const statuses = Object.keys(responses).map(Number);
  expect(statuses).toEqual(expect.arrayContaining(always));
  expect(statuses.includes(401)).toBe(row(id).access === 'caller');
  for (const [status, { $ref }] of Object.entries(responses)) {
    if (status === '200') continue;
    const code = $ref?.replace('#/components/responses/', '') as keyof typeof STATUS;
    expect(STATUS[code]).toBe(Number(status));
  }
});

test('whoever is told to wait is told for how long', () => {
  const told = Object.entries(written.components.responses).filter(([, { headers }]) => 'Retry-After' in headers);
  expect(told.map(([code]) => code)).toEqual(['rate_limited', 'unavailable']);
});

test('on the wire null is absent, and a document of the wire says so; of our own only where it means something', () => {
  const bodyOf = (id: OperationId) => describedAs(id).requestBody?.content['application/json']?.schema;
  expect(bodyOf('wireCreatePat')).toMatchObject({
    required: ['name'],
    properties: {
      name: { type: 'string' },
      accountName: { anyOf: [{ const: 'acme' }, { type: 'null' }] },
      teamName: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    },
  });
  expect(bodyOf('ownRenameToken')).toMatchObject({
    additionalProperties: false,
    properties: { name: { type: 'string' } },
  });
});

test('anybody may read it: it says where this server is and which version it has, and its page loads from here alone', async () => {
  const world = await openWorld();
  const { status, headers, text } = await world.send({ method: 'GET', path: '/api/openapi.json' });
  const served: Document = JSON.parse(text);
  expect({ status, type: headers['content-type'], servers: served.servers, version: served.info.version }).toEqual({
    ...{ status: 200, type: 'application/json; charset=utf-8' },
    ...{ servers: [{ url: world.origin }], version: expect.any(String) },
  });
  expect(Object.keys(served.paths)).toEqual(Object.keys(written.paths));
  for (const path of ['/api', '/assets/api.js', '/assets/api.css']) {
    const page = await world.send({ method: 'GET', path });
    expect({ path, status: page.status, policy: page.headers['content-security-policy'] }).toEqual({
      ...{ path, status: 200, policy: expect.stringContaining(`script-src 'self'`) },
    });
    expect(page.text).not.toMatch(/https?:\/\//);
  }
});

describe.skipIf(!has('schemathesis'))(needing('schemathesis', 'the document by other people’s rules'), () => {
  const problemsIn = (document: object): readonly string[] => {
    const python = join(dirname(usePart('schemathesis').schemathesis), 'python');
    const script = join(import.meta.dirname, 'schemathesis', 'validate.py');
    const { stdout, stderr } = spawnSync(python, [script], { input: JSON.stringify(document), encoding: 'utf8' });
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  test('is OpenAPI 3.1, its schemas are JSON Schema 2020-12, and its examples are what they stand for', () => {
    expect(problemsIn(written)).toEqual([]);
  });

  /** Broken on purpose. */
  test.each([
    { what: 'a path without its slash', broken: { ...written, paths: { 'api/x': {} } }, says: 'paths' },
    { what: 'an unknown key', broken: { ...written, more: 1 }, says: 'more' },
    {
      what: 'a type that is none',
      broken: { ...written, components: { parameters: { a: { name: 'a', in: 'query', schema: { type: 'text' } } } } },
      says: 'text',
    },
    {
      what: 'an example that would be refused',
      broken: {
        ...written,
        components: {
          parameters: { a: { name: 'a', in: 'query', schema: { type: 'string', pattern: '^a$', examples: ['b'] } } },
        },
      },
      says: 'is none',
    },
  ])('$what is seen', ({ broken, says }) => {
    expect(problemsIn(broken).join('\n')).toContain(says);
  });
});
