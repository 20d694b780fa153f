import { parseTokenName } from '#domain/token.ts';
import type { Command } from './command.ts';
import { connection } from './connection.ts';
import { tokenBy } from './token.ts';

export const tokensRename: Command = {
  takes: 'ID-or-NAME NEW-NAME',
  words: 2,
  options: {},
  async run(here, [word = '', wanted = ''], options) {
    const name = parseTokenName(wanted);
    const { invoke } = connection(here, options);
    const { id, name: before } = await tokenBy(invoke, word);
    const { token } = await invoke('ownRenameToken', { id, name });
    return { lines: [`Renamed ${before} to ${token.name}. Its value stays as it is.`], json: token };
  },
};
