/**
 * `*` and `?` in image arguments, for shells that leave them alone, as those of Windows do. A shell that expands
 * patterns itself never lets one arrive here.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AttuneError } from '../errors.js';

/**
 * Replaces each pattern by the paths that match it, sorted. What has no `*` or `?`, or exists under just this name,
 * stays as it is; names that begin with a dot match only a pattern that does.
 *
 * @throws AttuneError 'input' if nothing matches a pattern
 */
export async function expandPatterns(
  words: readonly string[],
  platform: NodeJS.Platform = process.platform,
): Promise<string[]> {
  const paths: string[] = [];
  for (const word of words) {
    if (!hasWildcard(word) || (await exists(word))) paths.push(word);
    else for (const path of await matches(word, platform)) paths.push(path);
  }
  return paths;
}

function hasWildcard(text: string): boolean {
  return /[*?]/.test(text);
}

async function matches(pattern: string, platform: NodeJS.Platform): Promise<string[]> {
  const found = await find(pattern, platform, platform === 'win32');
  if (found.length > 0) return found;
  // Cameras write IMG_1.JPG.
  const [otherCase] = await find(pattern, platform, true);
  throw new AttuneError({
    code: 'input',
    what: 'no file matches this pattern',
    where: pattern,
    hint:
      otherCase === undefined
        ? 'check the spelling and the working folder'
        : `upper and lower case count, and there is ${otherCase}`,
  });
}

async function find(pattern: string, platform: NodeJS.Platform, ignoreCase: boolean): Promise<string[]> {
  const [root, ...segments] = splitPattern(pattern, platform);
  let found = [root];
  for (const segment of segments) {
    const next = found.map((folder) =>
      hasWildcard(segment) ? entries(folder, segment, ignoreCase) : [join(folder, segment)],
    );
    found = (await Promise.all(next)).flat();
  }
  const kept: string[] = [];
  for (const path of found) if (await exists(path)) kept.push(path);
  return kept;
}

/** Where to begin (a root, or the working folder) and the names below it. */
function splitPattern(pattern: string, platform: NodeJS.Platform): string[] {
  const separator = platform === 'win32' ? /[\\/]+/ : /\/+/;
  const root = (platform === 'win32' ? /^(?:[A-Za-z]:)?[\\/]+/ : /^\/+/).exec(pattern)?.[0] ?? '';
  return [
    root,
    ...pattern
      .slice(root.length)
      .split(separator)
      .filter((segment) => segment !== ''),
  ];
}

/** Paths of the entries of a folder that match one name with wildcards; none where it is no folder. */
async function entries(folder: string, segment: string, ignoreCase: boolean): Promise<string[]> {
  const source = segment
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const name = new RegExp(`^${source}$`, ignoreCase ? 'isu' : 'su');
  const names = await readdir(folder === '' ? '.' : folder).catch(() => []);
  return names
    .filter((entry) => name.test(entry) && (segment.startsWith('.') || !entry.startsWith('.')))
    .sort()
    .map((entry) => join(folder, entry));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
