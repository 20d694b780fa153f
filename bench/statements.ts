import { DatabaseSync, StatementSync } from 'node:sqlite';

type Counted = { readonly statements: number; readonly commits: number };

/** Counts what SQLite is asked to do, whoever asks, from now until it is told to stop. */
export function countStatements(): { stop(): Counted } {
  let [statements, commits] = [0, 0];
  const saw = (sql: string) => {
    statements += 1;
    if (sql === 'commit') commits += 1;
  };
  const undo = [
    ...(['all', 'get', 'run', 'iterate'] as const).map((method) =>
      watch(StatementSync.prototype, method, (self) => saw(self.sourceSQL)),
    ),
    watch(DatabaseSync.prototype, 'exec', (_, sql) => saw(String(sql))),
  ];
  return {
    stop: () => {
      for (const one of undo) one();
      return { statements, commits };
    },
  };
}

function watch<Watched extends object>(
  on: Watched,
  method: keyof Watched,
  see: (self: Watched, first: unknown) => void,
): () => void {
  const original = on[method] as (...args: unknown[]) => unknown;
  on[method] = function (this: Watched, ...args: unknown[]) {
    see(this, args[0]);
    return original.apply(this, args);
  } as Watched[keyof Watched];
  return () => {
    on[method] = original as Watched[keyof Watched];
  };
}
