import { ENTRANCES } from '#contract/entrances.ts';
import { OPERATIONS } from '#contract/operations.ts';

/* The matrix for people: what each kind of caller may do, in a table of Markdown. */

/** By whom it is asked, as the matrix calls them, and as a person does. */
const COLUMNS: Readonly<Record<string, string>> = {
  'no credential': 'nobody at all',
  'an expired token': 'expired key',
  'a revoked token': 'revoked key',
  'another tenant’s admin, token': 'admin of another tenant',
  'nobody, token': 'user without a role',
  'member, token': 'member',
  'manager of a team, token': 'team manager',
  'viewer, token': 'viewer',
  'editor, token': 'editor',
  'admin, token': 'admin',
};

const HEAD = `# Who may do what

Printed by \`test/authz/matrix.test.ts\` from what the server answered; not written by hand.
**yes**: is answered. **all**: on what is theirs and on what is others' of the same tenant. **own**: on what is theirs alone.
**new**: makes what is not there. **·**: refused. An admin of another tenant acts in that other tenant, and reaches nothing of this one.
A viewer holds every permission that only looks, an editor all but those that give rights or are about other people.
`;

type Line = { readonly id: string; readonly who: string; readonly cells: string };

const LINE = /^(?<id>\w+) +(?<who>\S.*?) +(?<cells>(?:-|others) .*)$/;

const lineIn = (text: string): Line => {
  const { id = '', who = '', cells = '' } = LINE.exec(text)?.groups ?? {};
  return { id, who, cells };
};

export function inWords(lines: readonly string[]): string {
  const byId = Map.groupBy(lines.map(lineIn), ({ id }) => id);
  const rows = [...byId].map(
    ([id, all]) => `| ${[summaryOf(id), ...Object.keys(COLUMNS).map((who) => cellOf(all, who))].join(' | ')} |`,
  );
  const heads = `| ${['', ...Object.values(COLUMNS)].join(' | ')} |`;
  return [HEAD, heads, `|${'---|'.repeat(Object.keys(COLUMNS).length + 1)}`, ...rows, ''].join('\n');
}

const ROWS: Readonly<Record<string, { readonly method: string; readonly path: string; readonly summary: string }>> = {
  ...OPERATIONS,
  ...ENTRANCES,
};

function summaryOf(id: string): string {
  const row = ROWS[id];
  if (row === undefined) throw new Error(`${id} is neither an operation nor an entrance`);
  return `${row.summary} (\`${row.method} ${row.path}\`)`;
}

/** One line says it where everybody gets the same. */
function cellOf(all: readonly Line[], who: string): string {
  const cells = all.find((line) => line.who === who || line.who === 'everybody')?.cells ?? '';
  const may = (whose: string) => new RegExp(`(^| )${whose} 2`).test(cells);
  if (may('-')) return 'yes';
  if (may('others')) return 'all';
  if (may('own')) return 'own';
  return may('absent') ? 'new' : '·';
}
