/**
 * Checks the import order of the sources: folders stand in a list, and imports only go down it.
 *
 * Imports are found by their text, which is enough for formatted sources: statements begin a line,
 * comments are taken out first. What looks like an import but is none (a string in column 0) would
 * be reported too: the check errs on the strict side.
 */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';

/** A file under `src/`; `path` is relative to it, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface ImportRules {
  /** Folders from top to bottom. */
  readonly folders: readonly string[];
  /**
   * The folders inside a folder from top to bottom, '.' for the files beside them. Its door, index.ts or a
   * program's main.ts, stands above all; a folder that is not here has none that imports another. '*' are all folders that
   * are not listed, none of which imports another.
   */
  readonly rooms: Readonly<Record<string, readonly string[]>>;
  /** Files outside the folders that import everything and that only the `examples` may import. */
  readonly roots: readonly string[];
  /** Files outside the folders that everything may import. */
  readonly shared: readonly string[];
  /** Folders and files that may import `node:` modules and `webgpu`. */
  readonly platform: readonly RegExp[];
  /** Folders that import no package, so that the engine stands alone. */
  readonly withoutPackages: readonly string[];
  /** Groups of files that name each other's types, and why they are no better apart. */
  readonly typeCircles: readonly { readonly files: readonly string[]; readonly reason: string }[];
}

export interface Import {
  readonly specifier: string;
  /** `import type` and `export type`: gone at run time. */
  readonly typeOnly: boolean;
  /** `import('...')`, in an expression or in a type. */
  readonly dynamic: boolean;
}

/** `import ... from 'x'`, `import 'x'` and `export ... from 'x'`, in column 0. */
const STATEMENT = /^(?:import|export)\s*(type\s)?\s*(?:[\w$\s,{}*]+?\bfrom\s*)?(['"])([^'"\n]+)\2/gm;

/** `import(...)`: with its literal if that is all there is between the parentheses. */
const DYNAMIC = /\bimport\s*\(\s*(?:(['"`])([^'"`$\n]+)\1\s*[,)])?/g;

/** Strings and comments; the strings are there so that a `//` inside one is no comment. */
const STRING_OR_COMMENT =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** The comments of a source text, each with where it begins. */
export function commentsOf(text: string): { readonly text: string; readonly start: number }[] {
  return [...text.matchAll(STRING_OR_COMMENT)]
    .filter(([match]) => match.startsWith('/'))
    .map((match) => ({ text: match[0], start: match.index }));
}

/** Every import of a source text, in the order of statements first, then `import(...)`. */
export function importsOf(text: string): Import[] {
  const code = text.replace(STRING_OR_COMMENT, (match) => (match.startsWith('/') ? '' : match));
  const statements = [...code.matchAll(STATEMENT)].map(([, type, , specifier]) => {
    return { specifier: specifier!, typeOnly: type !== undefined, dynamic: false };
  });
  const dynamic = [...code.matchAll(DYNAMIC)].map(([, , specifier]) => {
    return { specifier: specifier ?? '', typeOnly: false, dynamic: true };
  });
  return [...statements, ...dynamic];
}

/** Every breach of the rules, as a sentence that names the file and the import. */
export function checkImports(files: readonly SourceFile[], rules: ImportRules): string[] {
  const problems: string[] = [];
  for (const { path, text } of files) {
    if (!isKnown(path, rules)) {
      problems.push(`${path} is in no listed folder and is no listed file`);
      continue;
    }
    for (const { specifier } of importsOf(text)) {
      const problem = checkImport(path, specifier, rules);
      if (problem !== undefined) problems.push(`${path} imports '${specifier}': ${problem}`);
    }
  }
  return [...problems, ...checkCircles(files, rules)];
}

/** A circle of values; else the circles of types that are not listed, and the lists that fit none. */
function checkCircles(files: readonly SourceFile[], { typeCircles }: ImportRules): string[] {
  const cycle = findCycle(edgesOf(files, { types: false }));
  if (cycle !== undefined) return [`files import each other in a circle: ${cycle.join(' > ')}`];
  const found = circlesOf(edgesOf(files, { types: true })).map(([...group]) => group.sort().join(', '));
  const listed = typeCircles.map(({ files: group }) => [...group].sort().join(', '));
  return [
    ...found
      .filter((group) => !listed.includes(group))
      .map((group) => `files name each other's types in a circle: ${group}`),
    ...listed.filter((group) => !found.includes(group)).map((group) => `there is no such circle: ${group}`),
  ];
}

function checkImport(path: string, specifier: string, rules: ImportRules): string | undefined {
  if (specifier === '') {
    return rules.roots.includes(path) ? undefined : 'what import() loads must be one literal string';
  }
  if (specifier.startsWith('#')) return 'sources import each other by relative paths';
  if (specifier.startsWith('.')) return checkRelative(path, resolve(path, specifier), rules);
  if (isBuiltin(specifier) || specifier === 'webgpu') {
    return rules.platform.some((place) => place.test(path)) ? undefined : 'only the platform side may';
  }
  if (rules.withoutPackages.includes(folderOf(path))) return 'this folder imports no package';
  return undefined;
}

function checkRelative(path: string, target: string, rules: ImportRules): string | undefined {
  if (target.startsWith('../')) return 'that is outside src';
  if (!isKnown(target, rules)) return 'that is in no listed folder and is no listed file';
  if (rules.shared.includes(target) || rules.roots.includes(path)) return undefined;
  const from = folderOf(path);
  if (rules.roots.includes(target)) return from === 'examples' ? undefined : 'nothing imports a root';
  if (rules.shared.includes(path)) return 'what everything imports may import only its like';
  const to = folderOf(target);
  if (to === from) return checkRooms(path, target, rules.rooms[from] ?? []);
  const down = rules.folders.indexOf(to) >= rules.folders.indexOf(from);
  return down ? undefined : `${to} stands above ${from}`;
}

function checkRooms(path: string, target: string, rooms: readonly string[]): string | undefined {
  const [from, to] = [roomOf(path), roomOf(target)];
  if (from === to || /^[^/]+\/(?:index|main)\.ts$/.test(path)) return undefined;
  const levelOf = (room: string) => rooms.indexOf(rooms.includes(room) ? room : '*');
  const [above, below] = [levelOf(from), levelOf(to)];
  if (above < 0 || below < 0) return `${above < 0 ? from : to} is no listed folder of ${folderOf(path)}`;
  if (above === below) return `${to} stands beside ${from} in ${folderOf(path)}`;
  return above < below ? undefined : `${to} stands above ${from} in ${folderOf(path)}`;
}

/** The folder of a file inside its folder; '.' where it stands in none. */
function roomOf(path: string): string {
  const parts = path.split('/');
  return parts.length > 2 ? parts[1]! : '.';
}

type Edges = Map<string, readonly string[]>;

/** The files of one circle, the first one repeated at the end. */
function findCycle(edges: Edges): string[] | undefined {
  const finished = new Set<string>();

  const visit = (path: string, trail: string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return undefined;
    for (const target of edges.get(path) ?? []) {
      const cycle = visit(target, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(path);
    return undefined;
  };

  for (const path of edges.keys()) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** What each file imports statically; `types`: what it imports for its types alone as well. */
function edgesOf(files: readonly SourceFile[], { types }: { readonly types: boolean }): Edges {
  return new Map(
    files.map(({ path, text }) => {
      const counted = importsOf(text).filter(
        ({ specifier, typeOnly, dynamic }) => specifier.startsWith('.') && !dynamic && (types || !typeOnly),
      );
      return [path, counted.map(({ specifier }) => resolve(path, specifier))];
    }),
  );
}

/** Files each of which leads to all others of its group; a file by itself is in none. */
function circlesOf(edges: Edges): Set<string>[] {
  const reached = new Map([...edges.keys()].map((path) => [path, reachedFrom(path, edges)]));
  const circles = new Map<string, Set<string>>();
  for (const [path, others] of reached) {
    if (!others.has(path) || circles.has(path)) continue;
    const circle = new Set([...others].filter((other) => reached.get(other)?.has(path)));
    for (const member of circle) circles.set(member, circle);
  }
  return [...new Set(circles.values())];
}

function reachedFrom(path: string, edges: Edges): Set<string> {
  const reached = new Set(edges.get(path));
  // A set gives what is added to it while it is gone through, too.
  for (const next of reached) for (const target of edges.get(next) ?? []) reached.add(target);
  return reached;
}

function isKnown(path: string, rules: ImportRules): boolean {
  return path.includes('/')
    ? rules.folders.includes(folderOf(path))
    : rules.roots.includes(path) || rules.shared.includes(path);
}

function resolve(path: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier)).replace(/\.js$/, '.ts');
}

function folderOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}
