import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '#support/folder.ts';
import { countersign } from './program.ts';
import { ask, json, KEY, refusal, stranger } from './stranger.ts';

/** Sets a title, clears the screen, turns text around, hides some, begins a line. */
const HOSTILE = 'a\u001b]0;owned\u0007\u009b2J\u202Eb\u{E0041}\r\nowned';
/** Whatever acts rather than shows; ends of lines are ours where nothing but our own words stands behind them. */
const ACTS = /[^\P{Cc}\n]|\p{Cf}|^owned/mu;

const person = { id: HOSTILE, name: HOSTILE };
const use = { at: HOSTILE, surface: HOSTILE, address: HOSTILE };
const token = (name: string, state: string) => ({
  ...{ id: HOSTILE, name, preview: HOSTILE, format: 'opaque', state, createdAt: HOSTILE, createdBy: person },
  ...{ expiresAt: HOSTILE, lastUsed: use, values: 1, usedAfterEnd: use },
  revoked: state === 'revoked' ? { at: HOSTILE, by: person, reason: HOSTILE } : null,
});
const whoami = {
  ...{ principal: { id: HOSTILE, kind: HOSTILE, name: HOSTILE }, tenant: person },
  ...{ rights: { roles: [HOSTILE], actions: [] }, surface: HOSTILE, server: { version: HOSTILE } },
  credential: { kind: 'token', id: HOSTILE, name: HOSTILE, preview: HOSTILE, expiresAt: HOSTILE },
};
const rows = [token('one', 'live'), token(HOSTILE, 'expired'), token('gone', 'revoked'), token(HOSTILE, 'revoked')];

/** Fits every row of the table, and says something hostile wherever it says anything. */
function answerTo({ method, url = '' }: IncomingMessage): unknown {
  if (url.includes('/whoami')) return whoami;
  if (url.endsWith('/revoke')) return { token: token(HOSTILE, 'revoked'), revocation: { boundMs: 1, staleMsMax: 2 } };
  if (method === 'GET') return { data: rows, pagination: { total: rows.length, offset: 0, limit: 1000 } };
  return { token: token(HOSTILE, 'live'), value: HOSTILE };
}

/** Of every command that asks a server, whatever it prints of the answer. */
const COMMANDS = (folder: string): readonly (readonly string[])[] => [
  ...[['whoami'], ['status'], ['tokens', 'list'], ['tokens', 'list', '--all']],
  ['tokens', 'create', 'new', '--out', join(folder, `value-${Math.random()}`)],
  ['tokens', 'rename', 'one', 'uno'],
  ['tokens', 'revoke', 'one', '--yes'],
];

test.each([{ as: [] }, { as: ['--json'] }])(
  'nothing that a server answers acts on the terminal (%j)',
  async ({ as }) => {
    const { origin } = await stranger((asked, answered) => json(200, answerTo(asked))(asked, answered));
    for (const words of COMMANDS(temporaryFolder())) {
      const { code, out, err } = await ask(origin, ...words, ...as);
      expect({ words, code, err, acts: ACTS.exec(out) }).toEqual({ words, code: 0, err: '', acts: null });
      expect(out).toMatch(/owned/);
    }
    const env = { XDG_CONFIG_HOME: temporaryFolder() };
    const { code, out } = await countersign(['login', '--host', origin, ...as], { env, input: KEY });
    expect([code, ACTS.exec(out)]).toEqual([0, null]);
    const { err } = await ask(origin, 'tokens', 'revoke', 'gone', '--yes', ...as);
    expect([err.includes('was revoked already'), ACTS.exec(err)]).toEqual([true, null]);
  },
);

test('nor does anything of a refusal, or of a redirect', async () => {
  for (const answer of [
    json(403, { ...refusal(403, 'forbidden', HOSTILE), details: [{ field: HOSTILE, problem: HOSTILE }] }),
    json(503, refusal(503, 'unavailable', HOSTILE), { 'retry-after': '60', 'x-request-id': 'a%1b\u009b2J' }),
    json(302, {}, { location: 'https://x/%1b\u009b2J' }),
  ]) {
    const { origin } = await stranger(answer);
    for (const words of COMMANDS(temporaryFolder())) {
      const { code, out, err } = await ask(origin, ...words);
      expect({ words, refused: code !== 0, acts: ACTS.exec(out + err) }).toEqual({ words, refused: true, acts: null });
    }
  }
});
