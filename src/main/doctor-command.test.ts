import { expect, test } from 'vitest';
import { asJson, asText } from './doctor-command.ts';

const FORGED = {
  ...({ check: 'nodes', state: 'warning' } as const),
  ...{ found: 'host\u001b]0;owned\u0007 is silent.', remedy: 'Remove \u001b[2Jhost.' },
};

test('what somebody wrote into the database acts on no terminal', () => {
  const text = asText(FORGED);
  expect(text).toContain('host\\u{1b}]0;owned\\u{7} is silent.');
  expect(text).toContain('→ Remove \\u{1b}[2Jhost.');
  const json = asJson([FORGED]);
  for (const said of [text, json]) expect(said).not.toContain('\u001b');
  expect(JSON.parse(json)).toEqual({ ok: true, checks: [FORGED] });
});
