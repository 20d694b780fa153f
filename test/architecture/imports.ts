import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import type { Room } from './rooms.ts';

/** The files of a folder that are part of the program, tests left out. */
export const sourcesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.test)\.(?:[cm]?[jt]s|[jt]sx)$/.test(file))
    .sort();

/** Parsed as what it is; a file that does not parse is a failure, never an empty one. */
export function parsed(file: string, source: string) {
  const result = parseSync(file, source);
  if (result.errors[0] !== undefined) throw new Error(`${file}: ${result.errors[0].message}`);
  return result;
}

/**
 * Every specifier a file names, types included: a wall holds for `import type` too.
 * A parser of TypeScript, since stripping the types first would strip the type imports with them.
 */
export function importsOf(file: string, source = readFileSync(file, 'utf8')): readonly string[] {
  const { program, module } = parsed(file, source);
  const found = module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
  for (const { entries } of module.staticExports)
    found.push(...entries.flatMap((entry) => entry.moduleRequest?.value ?? []));
  new Visitor({
    TSImportType: ({ source }) => void found.push(source.value),
    TSExternalModuleReference: ({ expression }) => void found.push(expression.value),
    ImportExpression: ({ source }) =>
      void found.push(source.type === 'Literal' ? String(source.value) : 'not a literal'),
    CallExpression: ({ callee }) => {
      if (callee.type === 'Identifier' && callee.name === 'require') found.push('require()');
    },
  }).visit(program);
  return [...new Set(found)];
}

/** What a file of this room imports that its row does not allow. */
export const strangersIn = (room: string, file: string, allowed: Room, specifiers: readonly string[]) =>
  specifiers.filter((specifier) => {
    if (specifier.startsWith('#'))
      return !allowed.rooms.some((door) => specifier === `#${door}` || specifier.startsWith(`#${door}/`));
    if (specifier.startsWith('.')) return !join(room, file, '..', specifier).startsWith(`${room}/`);
    return !allowed.packages.some((name) => specifier === name || (name === 'node:*' && specifier.startsWith('node:')));
  });

export type Sources = Readonly<Record<string, readonly string[]>>;

/** Every file of a folder with what it imports, by path from there. */
export const sourcesWithImports = (folder: string): Sources =>
  Object.fromEntries(sourcesIn(folder).map((file) => [file, importsOf(join(folder, file))]));

/** A circle of files, first and last the same; none, nothing. What two files need of each other has a file of its own. */
export function circleIn(sources: Sources): readonly string[] {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    const circle = firstFound(ownImports(file, sources[file] ?? []), (next) => visit(next, [...path, file]));
    done.add(file);
    return circle;
  };
  return firstFound(Object.keys(sources), (file) => visit(file, []));
}

const ownImports = (file: string, specifiers: readonly string[]): readonly string[] =>
  specifiers.flatMap((specifier) => {
    if (specifier.startsWith('#')) return specifier.slice(1);
    return specifier.startsWith('.') ? join(file, '..', specifier) : [];
  });

function firstFound<Item>(items: readonly Item[], find: (item: Item) => readonly string[]): readonly string[] {
  for (const item of items) {
    const found = find(item);
    if (found.length > 0) return found;
  }
  return [];
}
