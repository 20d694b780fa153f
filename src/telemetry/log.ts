import { pino } from 'pino';
import { Refusal } from '#domain/refusal.ts';

/** Lines of JSON. What is given must be safe to print; values are not, and redaction is the second line of defence. */
export type Log = {
  info(words: string, fields?: object): void;
  /** What goes on working, and will not for long. */
  warn(words: string, fields?: object): void;
  /** What was our fault, with its cause and whatever else only an operator may know. */
  failed(error: unknown, fields?: object): void;
};

/** Field names that must never hold anything worth reading, wherever they stand. */
const NEVER = ['authorization', 'cookie', 'password', 'token', 'code', 'value', 'secret'];
const REDACT = NEVER.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export function openLog(level: string, write: (line: string) => void): Log {
  const log = pino({ level, redact: { paths: REDACT, censor: '[redacted]' }, base: null }, { write });
  return {
    info: (words, fields = {}) => log.info(fields, words),
    warn: (words, fields = {}) => log.warn(fields, words),
    failed: (error, fields = {}) => log.error({ ...fields, error: described(error) }, 'failed'),
  };
}

/** Further down nobody reads; and a cause may lead back to where it began. */
const CAUSES_MAX = 10;

/** Names, texts and stacks, down the causes; never a thrown thing's other properties. */
function described(error: unknown, causesMax = CAUSES_MAX): object {
  if (!(error instanceof Error)) return { message: 'something that is no error was thrown' };
  const { name, message, stack, cause } = error;
  const detail = error instanceof Refusal ? { refusal: error.code, detail: error.detail } : { stack };
  return {
    name,
    message,
    ...detail,
    ...(cause === undefined || causesMax === 0 ? {} : { cause: described(cause, causesMax - 1) }),
  };
}
