import type * as z from 'zod';
import { type JsonSchema, jsonSchemaOf, type Site } from './documented.ts';
import { IDEMPOTENCY_KEY } from './idempotency-key.ts';
import type { Operation } from './operation.ts';

type Fields = { readonly properties: Readonly<Record<string, JsonSchema>>; readonly required: readonly string[] };

function fieldsOf(schema: z.ZodObject | undefined, site: Site): Fields {
  const { properties = {}, required = [] } = schema ? jsonSchemaOf(schema, 'input', site) : {};
  return { properties, required } as Fields;
}

/** Path, query and headers; `called` says what the path calls a placeholder. */
export function parametersOf(
  { input, replayable }: Operation,
  called: (name: string) => string,
  site: Site,
): readonly JsonSchema[] {
  const path = Object.entries(fieldsOf(input.path, site).properties);
  const query = fieldsOf(input.query, site);
  const header = fieldsOf(input.header, site);
  return [
    ...path.map(([name, schema]) => parameter(called(name), 'path', true, { minLength: 1, ...schema })),
    ...Object.entries(query.properties)
      .filter(([, schema]) => !isNothing(schema))
      .map(([name, schema]) => parameter(name, 'query', query.required.includes(name), schema)),
    ...Object.entries(header.properties).map(([name, schema]) =>
      parameter(name, 'header', header.required.includes(name), schema),
    ),
    ...(replayable ? [KEY] : []),
  ];
}

const parameter = (name: string, place: string, required: boolean, documented: JsonSchema) => {
  const { examples, description, ...schema } = documented;
  return {
    ...{ name, in: place, required, schema },
    ...(description === undefined ? {} : { description }),
    ...(Array.isArray(examples) ? { example: examples[0] } : {}),
  };
};

const KEY = parameter('Idempotency-Key', 'header', false, {
  type: 'string',
  pattern: IDEMPOTENCY_KEY.source,
  description:
    'For ten minutes the same request with the same key, by the same credential, has the same answer, value and all.',
});

/** What no value is. */
const isNothing = ({ not }: JsonSchema): boolean => not !== undefined;

/** An empty body counts as `{}`, so it is required only where that would be refused. */
export function bodyOf({ input, surface }: Operation, site: Site): JsonSchema | undefined {
  if (input.body === undefined) return undefined;
  const schema = jsonSchemaOf(input.body, 'input', site);
  const fields = fieldsOf(input.body, site);
  return {
    required: fields.required.length > 0,
    content: { 'application/json': { schema: surface === 'wire' ? withNulls(schema, fields) : schema } },
  };
}

/** On the wire null is absent, wherever a field may be. */
const withNulls = (schema: JsonSchema, { properties, required }: Fields): JsonSchema => ({
  ...schema,
  properties: Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, required.includes(name) ? field : orNull(field)]),
  ),
});

const orNull = ({ default: fallback, ...field }: JsonSchema): JsonSchema => ({
  ...(isNothing(field) ? { type: 'null' } : { anyOf: [field, { type: 'null' }] }),
  ...(fallback === undefined ? {} : { default: fallback }),
});
