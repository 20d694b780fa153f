import type { FastifyInstance } from 'fastify';
import { Refusal } from '#domain/refusal.ts';
import { BAD_QUERY, parseQuery } from './query.ts';

/** A token of the longest form, written as three bytes for each, and what else a client says. */
export const FORM_BYTES_MAX = 16 * 1024;
const FORM = 'application/x-www-form-urlencoded';

const NOT_A_FORM = new Refusal('unsupported_media_type', `Send the body as ${FORM}.`);
const BAD_FORM = new Refusal('invalid_request', 'The form is not validly encoded: see its % escapes.');

/** For the routes of this scope alone, in place of JSON: names and values, each name once (RFC 6749, 3.2). */
export function readForm(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    FORM,
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    async (_request: unknown, body: string) => formIn(body),
  );
  scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: FORM_BYTES_MAX }, async () => {
    throw NOT_A_FORM;
  });
}

function formIn(body: string): Readonly<Record<string, string>> {
  const form = parseQuery(body);
  if (form === BAD_QUERY) throw BAD_FORM;
  if (Object.values(form).some(Array.isArray)) {
    throw new Refusal('invalid_request', 'A parameter is given twice. Give each once.'); // which one, a client may have made up
  }
  return form as Readonly<Record<string, string>>;
}
