/** The parts of a data set as folders beside each other, for a network that has its classes already. */
import { join } from 'node:path';
import { isHidden, type SkippedPath, statFolder, subFolders } from './walk.js';

/** What a folder of validation images is called, the first found wins. */
export const validationNames: readonly string[] = ['val', 'valid', 'validation'];

/** The folders of a data set's parts. */
export interface PartFolders {
  readonly train: string | null;
  readonly val: string | null;
  readonly test: string | null;
  /** What else there is beside them. */
  readonly skipped: readonly SkippedPath[];
}

/**
 * The folders train, val and test in a folder that holds them and no class; null where it holds classes, or neither.
 *
 * @param classes names that are classes, whatever else they could be
 * @throws AttuneError 'input' if the folder is missing, is no folder or cannot be read
 */
export async function partFolders(path: string, classes: readonly string[]): Promise<PartFolders | null> {
  await statFolder(path);
  const known = new Set(classes);
  const folders = (await subFolders(path)).filter((name) => !isHidden(name));
  if (folders.some((name) => known.has(name.normalize('NFC')))) return null;
  const byName = new Map(folders.map((name) => [name.toLowerCase(), name]));
  const parts = [['train'], validationNames, ['test']].map((names) =>
    names.map((name) => byName.get(name)).find((name) => name !== undefined),
  );
  if (parts.every((name) => name === undefined)) return null;
  const [train, val, test] = parts.map((name) => (name === undefined ? null : join(path, name)));
  const skipped = folders
    .filter((name) => !parts.includes(name))
    .map((name) => ({ path: join(path, name), reason: 'beside the parts train, val and test' }));
  return { train, val, test, skipped };
}
