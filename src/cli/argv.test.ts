import { describe, expect, test } from 'vitest';
import { refuseCredentials } from './argv.ts';

const refusal = (...words: readonly string[]): string => {
  try {
    refuseCredentials(words);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('a credential', () => {
  test.each([
    `tfy_pat_${'k'.repeat(49)}`,
    `tfy_va_${'k'.repeat(49)}`,
    `cs_session_${'k'.repeat(49)}`,
    `cs_invitation_${'k'.repeat(49)}`,
    `--host=https://tfy_pat_${'k'.repeat(49)}@example.com`,
    `my_tfy_pat_${'k'.repeat(49)}`,
    `tfy_pat_${'k'.repeat(43)}`,
    `tfy_key_${'k'.repeat(20)}`,
    'eyJhbGciOiJSUzI1NiJ9.eyJrayI6Imtra2sifQ.kkkk',
  ])('%s is refused wherever it stands, by its place, and not said again', (word) => {
    expect(refusal('tokens', 'list', word)).toMatch(/^A credential .* \(word 3 after countersign\)/);
    expect(refusal(word)).toContain('(word 1 after countersign)');
    expect(refusal(word)).not.toMatch(/kkkk|Imtra/);
  });

  test.each(['--token', '--token=x', '-key', '--api-key', '--apikey=x', '--password', '--SECRET'])(
    'is not taken by %s',
    (word) => {
      expect(refusal('login', word)).toContain('never from the command line');
    },
  );
});

test.each([
  './tfy_pat_production',
  'tfy_token_staging01.txt',
  'cs_session_oldBackupOfTheWholeStation',
  'tfy_pat_7Fk2…9xQd',
  'tfy_pat_<your token>',
  'https://www.example.com/eyJ.a.b',
  '--tls-key',
  '--root-key-file=root.key',
  'ci-pipeline',
])('%s is no credential', (word) => {
  expect(refusal('tokens', 'create', word)).toBe('');
});
