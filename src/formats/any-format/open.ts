/** Opening a weights file by its path. */

import type { SiblingFiles } from '../bytes.js';
import { openByteSource, siblingsOf } from '../file.js';
import { readTensorFile } from './recognise.js';
import { Pauses } from '../../pauses.js';
import type { Links } from '../regular-file.js';
import type { TensorFile } from '../tensors.js';

/**
 * Opens a weights file, recognised by its content. Tensors are read from the file when they are asked
 * for; close it afterwards.
 * @throws AttuneError 'input' if there is no such file, 'disk' if it may not be read, 'weights' if it is damaged or of
 *   another format.
 */
export async function openTensorFile(path: string): Promise<TensorFile> {
  return openTensors(path);
}

/**
 * As `openTensorFile`; a link in the place of the file may be refused, with AttuneError 'input', and the signal ends the
 * reading of the description, and of tensors afterwards, with 'interrupted'.
 */
export async function openTensors(
  path: string,
  { links = 'follow', signal }: { readonly links?: Links; readonly signal?: AbortSignal | undefined } = {},
): Promise<TensorFile> {
  const pauses = new Pauses(signal);
  const source = await openByteSource(path, links, pauses);
  const siblings = siblingsOf(path, pauses);
  const names: string[] = [];
  const noted: SiblingFiles = {
    open: async (name, links) => {
      const sibling = await siblings.open(name, links);
      names.push(sibling.name);
      return sibling;
    },
  };
  try {
    return { ...(await readTensorFile(source, noted)), parts: names };
  } catch (error) {
    await source.close();
    throw error;
  }
}
