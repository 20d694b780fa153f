import { Failure } from '#client/failure.ts';
import type { Input } from '#contract/invoke.ts';
import { Sensitive } from '#domain/sensitive.ts';
import { parseTokenName, TOKEN_FORMATS } from '#domain/token.ts';
import type { Command, Said } from './command.ts';
import { type Connection, connection } from './connection.ts';
import { type Way, wayFor } from './way.ts';
import { minuteOf } from './when.ts';
import { expiryIn, formatIn } from './wishes.ts';

/** Where the value goes is settled before there is one: it can be had once, and a value that goes nowhere is of no use. */
export const tokensCreate: Command = {
  takes: `NAME [--expires DATE | --days N] [--format ${TOKEN_FORMATS.join('|')}] [--show | --out FILE]`,
  words: 1,
  options: { expires: 'string', days: 'string', format: 'string', show: 'boolean', out: 'string' },
  async run(here, [word = ''], options) {
    const wanted = { name: parseTokenName(word), ...expiryIn(here, options), ...formatIn(options) };
    const connected = connection(here, options);
    const way = await wayFor(here, options);
    try {
      return await created(connected, wanted, way);
    } catch (error) {
      way.discard();
      throw error instanceof Failure && error.reach === 'perhaps' ? lost(error, wanted.name) : error;
    }
  },
};

/** Nobody will ever see the value; and the name is taken. */
const lost = (error: Failure, name: string): Failure =>
  new Failure(
    error.code,
    `${error.message} If countersign tokens list shows ${name}, its value is lost: revoke it, then create it again.`,
    error,
  );

type Wanted = Input<'ownCreateToken'>;

async function created({ invoke }: Connection, wanted: Wanted, way: Way): Promise<Said> {
  const { token, value } = await invoke('ownCreateToken', wanted);
  const lines = [
    'Token created successfully!',
    `Name: ${token.name}`,
    `Token (masked): ${token.preview}`,
    `Expires: ${minuteOf(token.expiresAt)}`,
  ];
  return { lines: [...lines, ...way.hand(new Sensitive(value), token.id)], json: { token, savedIn: way.file ?? null } };
}
