/** The file in which the results of `npm run test:fuzz -- --save` stand: a line for each parser. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

// Tests run from build/test/formats.
const FILE = fileURLToPath(new URL('../../../test/formats/fuzz-results.txt', import.meta.url));

/** Puts the line of a parser in the place of its last one, with the commit that was measured. */
export function saveResult(name: string, line: string): void {
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(FILE, withLine(readFileSync(FILE, 'utf8'), name, `${line}; ${commit()}, ${date}`));
}

/** The commit, and whether anything but the results was changed since. */
function commit(): string {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: dirname(FILE), encoding: 'utf8' });
  const changes = git('status', '--porcelain', '--', ':/', `:(exclude)${basename(FILE)}`);
  return git('rev-parse', '--short=7', 'HEAD').trim() + (changes === '' ? '' : ', with changes');
}

/** The text with another line for `name`, which stands at the end where it has none yet. */
export function withLine(text: string, name: string, line: string): string {
  const lines = text.trimEnd().split('\n');
  const at = lines.findIndex((other) => other.startsWith(`${name}: `));
  lines.splice(at < 0 ? lines.length : at, at < 0 ? 0 : 1, line);
  return `${lines.join('\n')}\n`;
}
