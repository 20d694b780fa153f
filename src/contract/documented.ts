import * as z from 'zod';
import { ID } from '#domain/id.ts';
import { EMAIL_CHARS_MAX } from '#domain/principal.ts';
import { TEAM_NAME } from '#domain/team.ts';
import { TOKEN_NAME } from '#domain/token.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a document says of one instance. */
export type Site = {
  /** Scheme, host and port, as clients reach it. */
  readonly origin: string;
  readonly version: string;
  readonly tenant: string;
  readonly sessionCookie: string;
};

type As = (site: Site) => JsonSchema;
const DOCUMENTED = z.registry<{ readonly as: As }>();

/** For what takes more than its JSON Schema would say by itself, or less. */
export function documentedAs<Schema extends z.ZodType>(schema: Schema, as: JsonSchema | As): Schema {
  DOCUMENTED.add(schema, { as: typeof as === 'function' ? as : () => as });
  return schema;
}

/** What is taken (`input`) or given out (`output`), as JSON Schema 2020-12. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output', site: Site): JsonSchema {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, {
    io,
    override: ({ zodSchema, jsonSchema }) => {
      const documented = DOCUMENTED.get(zodSchema);
      if (documented === undefined) return;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema];
      Object.assign(jsonSchema, documented.as(site));
    },
  });
  return plain;
}

/**
 * Texts that the domain parses and refuses, in its own words. These say only what it takes, from its constants, and check
 * nothing themselves.
 */
export const tokenName = z.string().meta({
  pattern: TOKEN_NAME.source,
  description: '3 to 36 lower-case letters, digits and dashes; a letter first, no dash last.',
  examples: ['ci-pipeline'],
});
export const accountName = z.string().meta({
  pattern: TOKEN_NAME.source,
  description: '3 to 36 lower-case letters, digits and dashes; a letter first, no dash last.',
  examples: ['ci-gateway'],
});
export const teamName = z.string().meta({
  pattern: TEAM_NAME.source,
  description: 'At most 24 letters, digits and dashes; no dash first or last.',
  examples: ['platform'],
});
export const id = z.string().meta({
  pattern: ID.source,
  description: 'As a list names it: 24 lower-case letters and digits, a letter first.',
  examples: ['p4t9w2k7m1q8z3x6c5v0b9n2'],
});
/** `format` as people and tools know it. The domain takes more: blanks around it, letters of every script. */
export const email = z.string().meta({
  format: 'email',
  maxLength: EMAIL_CHARS_MAX,
  description: 'An e-mail address; capitals make no difference.',
  examples: ['ada@example.com'],
});
