/** Pages and pictures that attune writes where it is told to: it replaces its own, and no other file. */
import { open, stat } from 'node:fs/promises';
import { AttuneError } from '../errors.js';
import { assertReplaceable } from '../formats/index.js';

/** Bytes of a file in which its mark stands. */
const BEGINNING = 2048;

/**
 * Asks, before the work whose result goes there, whether a file may be written.
 * @param mark what attune writes into the beginning of such a file
 * @throws AttuneError 'input' where a file without the mark has this name, 'disk' where none can be written
 */
export async function assertOwn(path: string, mark: string): Promise<void> {
  await assertReplaceable(path);
  const status = await stat(path).catch(() => null);
  if (status === null || (status.isFile() && (await beginningOf(path)).includes(mark))) return;
  throw new AttuneError({
    code: 'input',
    what: 'there is a file of this name that attune did not write, which is never replaced',
    where: path,
    hint: 'move it away, or write elsewhere with --out',
  });
}

/** Empty for a file that may not be read. */
async function beginningOf(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
}
