import type { FastifyInstance } from 'fastify';
import { Refusal } from '#domain/refusal.ts';

/** A token of the longest form, written as three bytes for each, and what else a client says. */
export const FORM_BYTES_MAX = 16 * 1024;
const FORM = 'application/x-www-form-urlencoded';

const NOT_A_FORM = new Refusal('unsupported_media_type', `Send the body as ${FORM}.`);
/** Which, a client may have made up. */
const TWICE = new Refusal('invalid_request', 'A parameter is given twice. Give each once.');
const BAD_FORM = new Refusal('invalid_request', 'The form is not validly encoded: see its % escapes.');

type Form = Readonly<Record<string, string>>;

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

function formIn(body: string): Form {
  const form: Record<string, string> = {}; // a text is no mould, whatever it is called
  const names: string[] = []; // few, and found faster than in an object without a mould
  for (const pair of body.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decoded(at === -1 ? pair : pair.slice(0, at));
    if (names.includes(name)) throw TWICE;
    names.push(name);
    form[name] = at === -1 ? '' : decoded(pair.slice(at + 1));
  }
  return form;
}

const ESCAPED = /[%+]/;

function decoded(text: string): string {
  if (!ESCAPED.test(text)) return text; // as tokens are
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw BAD_FORM;
  }
}
