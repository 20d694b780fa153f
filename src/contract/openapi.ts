import { type JsonSchema, jsonSchemaOf, type Site } from './documented.ts';
import { errorBody, STATUS } from './errors.ts';
import { bodyOf, parametersOf } from './openapi-input.ts';
import { type Path, pathsOf, placeIn, type Row } from './openapi-path.ts';
import { answersOf, RESPONSES } from './openapi-response.ts';
import type { Operation, Operations } from './operation.ts';

/** The whole public surface as an OpenAPI 3.1 document, from its rows alone: what they do not say is not in it. */
export function openApi(operations: Operations, site: Site): JsonSchema {
  const all = Object.entries(operations).map(([id, row]): Row => ({ id, ...row }));
  const rows = all.filter(({ refused }) => refused === undefined);
  return {
    openapi: '3.1.1',
    info: infoOf(site),
    servers: [{ url: site.origin }],
    tags: [...new Set(rows.map(tagOf))].map((name) => ({ name })),
    paths: Object.fromEntries(pathsOf(rows).map((path) => [path.template, itemOf(path, site)])),
    components: {
      schemas: { Error: jsonSchemaOf(errorBody, 'output', site) },
      responses: RESPONSES,
      securitySchemes: schemesOf(site),
    },
    'x-countersign-refused': all.filter(({ refused }) => refused !== undefined).map(refusalOf),
  };
}

/** No request to these is good, and a document can only promise such as are: they stand beside what is offered. */
const refusalOf = ({ id, method, path, summary, refused = 'unprocessable' }: Row) => ({
  ...{ operationId: id, method, path, summary, status: STATUS[refused], code: refused },
});

const infoOf = ({ version }: Site) => ({
  title: 'Countersign',
  version,
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  description: [
    'Operations whose ids begin with `wire` speak the words of the public product: they ignore what they do not know, and ' +
      'null is absent. Those that begin with `own` refuse what they do not know.',
    'Every answer that is not 200 has one shape; `message` says what to do. `x-request-id` names the request in the log.',
    '`x-countersign-action` is the permission that an operation takes (`self`: none but a good credential), ' +
      '`x-countersign-effect` what it does to the world whatever its method, `x-countersign-reveals` whether its answer ' +
      'holds a credential. `x-countersign-refused` lists what is there only to say no.',
  ].join('\n\n'),
});

const schemesOf = ({ sessionCookie }: Site) => ({
  token: { type: 'http', scheme: 'bearer', description: 'A personal access token, or a virtual account’s.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: sessionCookie,
    description: 'A person who is signed in: from this server’s own pages only (`Sec-Fetch-Site: same-origin`).',
  },
});

/** Surface and noun. */
function tagOf({ surface, path }: Operation): string {
  const noun = path.split('/').find((segment) => !['', 'api', 'svc', 'v1', 'x', '.well-known'].includes(segment)) ?? '';
  return `${surface}: ${noun.replace(/\.json$/, '')}`;
}

const itemOf = (path: Path, site: Site): JsonSchema =>
  Object.fromEntries(path.rows.map((row) => [row.method.toLowerCase(), operationOf(row, path, site)]));

function operationOf(row: Row, path: Path, site: Site): JsonSchema {
  const { id, summary, access, action, effect, reveals, output, tagged } = row;
  const body = bodyOf(row, site);
  return {
    operationId: id,
    tags: [tagOf(row)],
    summary,
    security: access === 'public' ? [] : [{ token: [] }, { session: [] }],
    'x-countersign-action': action,
    'x-countersign-effect': effect,
    'x-countersign-reveals': reveals,
    parameters: parametersOf(row, (name) => placeIn(path, row, name), site),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      [OK]: { ...answerOf(jsonSchemaOf(output, 'output', site)), ...(tagged === undefined ? {} : { headers: ETAG }) },
      ...Object.fromEntries(answersOf(row).map((code) => [STATUS[code], { $ref: `#/components/responses/${code}` }])),
    },
  };
}

const ETAG = {
  ETag: { description: 'Its version, for `If-Match` of a later change.', schema: { type: 'string' } },
};
const OK = 200;
const answerOf = (schema: JsonSchema) => ({ description: 'Done.', content: { 'application/json': { schema } } });
