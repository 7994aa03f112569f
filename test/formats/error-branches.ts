/**
 * The error branches of the parsers: every `throw` of src/formats, and whether something reaches it. What was run is
 * counted by V8 itself, which writes a list of blocks and counts at the end of a process (`NODE_V8_COVERAGE`).
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const TESTS = fileURLToPath(new URL('.', import.meta.url));
const FORMATS = fileURLToPath(new URL('.', import.meta.resolve('#src/formats/index')));

/** A place that throws, or hands an error to whoever waits. */
export interface ErrorBranch {
  /** `zip.ts:57` of src/formats. */
  readonly place: string;
  /** The line itself and the one behind it, which has the words of a longer error. */
  readonly text: string;
  readonly isReached: boolean;
}

/** A stretch of a compiled file, and how often it ran. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** What V8 writes, as far as it is read here. */
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly ranges: readonly {
        readonly startOffset: number;
        readonly endOffset: number;
        readonly count: number;
      }[];
    }[];
  }[];
}

const THROW = /\bthrow (?=[\w(])|\breturn fail\(|\breject\(/g;
const COMMENT = /^\s*(?:\*|\/\/|\/\*)/;

/** Runs each file, a test or a program, in a process of its own, and says which branches one of them reaches. */
export async function errorBranches(files: readonly string[]): Promise<ErrorBranch[]> {
  const folder = mkdtempSync(join(tmpdir(), 'attune-coverage-'));
  try {
    for (const file of files) await run(file, folder);
    const runs = blocksByFile(folder);
    return sourceFiles(FORMATS).flatMap((file) => branchesOf(file, runs.get(file) ?? []));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The quick tests of the parsers but the short fuzz, which reaches what it does by chance; and those of large limits. */
export function namedTests(): string[] {
  const names = readdirSync(TESTS, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /(?<!\.slow|\.webgpu)\.test\.js$|^limits\.slow\.test\.js$/.test(name))
    .filter((name) => name !== 'fuzz.test.js')
    .sort()
    .map((name) => join(TESTS, name));
}

async function run(file: string, folder: string): Promise<void> {
  const env = { ...process.env, NODE_V8_COVERAGE: folder };
  await promisify(execFile)(process.execPath, [file], { env, maxBuffer: 2 ** 26 });
}

/** Of each compiled file the blocks of every run. */
function blocksByFile(folder: string): Map<string, Block[][]> {
  const runs = new Map<string, Block[][]>();
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage;
    for (const { url, functions } of result) {
      if (!url.startsWith(pathToFileURL(FORMATS).href)) continue;
      const blocks = functions
        .flatMap(({ ranges }) => ranges)
        .map(({ startOffset, endOffset, count }) => ({ start: startOffset, end: endOffset, count }));
      const file = fileURLToPath(url);
      runs.set(file, [...(runs.get(file) ?? []), blocks]);
    }
  }
  return runs;
}

function sourceFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.js'))
    .sort()
    .map((name) => join(folder, name));
}

function branchesOf(file: string, runs: readonly (readonly Block[])[]): ErrorBranch[] {
  const compiled = readFileSync(file, 'utf8');
  const map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  const name = file.slice(FORMATS.length).replace(/\.js$/, '.ts');
  const source = readFileSync(new URL(`../../../src/formats/${name}`, import.meta.url), 'utf8').split('\n');
  return Array.from(compiled.matchAll(THROW)).flatMap(({ index }) => {
    const before = compiled.slice(0, index).split('\n');
    const column = before.at(-1)!;
    if (COMMENT.test(column)) return [];
    const entry = map.findEntry(before.length - 1, column.length);
    if (!('originalLine' in entry)) throw new Error(`${file} has a throw without a source`);
    const line = entry.originalLine;
    return [
      {
        place: `${name}:${line + 1}`,
        text: source
          .slice(line, line + 3)
          .map((part) => part.trim())
          .join(' '),
        isReached: runs.some((blocks) => countAt(blocks, index) > 0),
      },
    ];
  });
}

/** How often the code at a position ran: the innermost block around it knows. */
function countAt(blocks: readonly Block[], position: number): number {
  let found: Block = { start: 0, end: Number.POSITIVE_INFINITY, count: 0 };
  for (const block of blocks) {
    const isInside = block.start <= position && position < block.end;
    if (isInside && block.end - block.start <= found.end - found.start) found = block;
  }
  return found.count;
}
