import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const PAGE = 'docs/operating.md';

/** What the page gives to be typed, in the cell of a row that begins with these words and holds this program. */
export function commandIn(row: string, program: string): string {
  const lines = readFileSync(PAGE, 'utf8').split('\n');
  const found = lines.find((line) => line.startsWith(`| ${row}`)) ?? '';
  const command = [...found.matchAll(/`([^`]+)`/g)]
    .map(([, text = '']) => text)
    .find((text) => text.startsWith(program));
  if (command === undefined) throw new Error(`${PAGE} has no ${program} in a row that begins with ${row}`);
  return command;
}

/** The one block of this language on a page. */
export function blockOf(language: string, page = PAGE): string {
  const [text] = blocksOf(language, page);
  if (text === undefined) throw new Error(`${page} has no block of ${language}`);
  return text;
}

/** All of them, in their order. */
export const blocksOf = (language: string, page: string): readonly string[] =>
  [...readFileSync(page, 'utf8').matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, text = '']) => text,
  );

/** As somebody types it, in this folder. */
export const typed = (command: string, cwd: string, env: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)('sh', ['-c', command], { cwd, env: { ...process.env, ...env } });
