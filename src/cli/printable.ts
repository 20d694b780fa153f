/** Moves a cursor, clears a screen, turns text around, or hides some: what comes from elsewhere must not do that here. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from elsewhere, for a terminal: what would act rather than show is shown as its number. */
export const printable = (text: string): string =>
  text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** The same value to whoever parses it, and nothing in it that acts on a terminal. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(UNSAFE, (character) => (character === '\n' ? character : escaped(character)));

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => character.charCodeAt(at).toString(16).padStart(4, '0'))
    .map((unit) => `\\u${unit}`)
    .join('');

/** Lines of `Name: value`, the values below each other. */
export function fields(all: Readonly<Record<string, string>>): readonly string[] {
  const width = Math.max(...Object.keys(all).map((name) => name.length)) + 1;
  return Object.entries(all).map(([name, value]) => `${`${name}:`.padEnd(width)} ${printable(value)}`);
}

/** A table as Markdown writes it, which people and agents read alike. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const cells = [heads, ...rows].map((row) => row.map(printable));
  const widths = heads.map((_, at) => Math.max(...cells.map((row) => widthOf(row[at] ?? ''))));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell))).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const [head = [], ...body] = cells;
  return [line(head), rule, ...body.map(line)];
}

const widthOf = (text: string): number => [...text].length;
