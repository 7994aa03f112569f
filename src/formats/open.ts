/** Opening a weights file by its path. */

import { openByteSource, siblingsOf } from './file.js';
import { readTensorFile } from './recognise.js';
import type { TensorFile } from './tensors.js';

/**
 * Opens a weights file, recognised by its content. Tensors are read from the file when they are asked
 * for; close it afterwards.
 * @throws AttuneError 'input' if there is no such file, 'disk' if it may not be read, 'weights' if it is damaged or of
 *   another format.
 */
export async function openTensorFile(path: string): Promise<TensorFile> {
  const source = await openByteSource(path);
  try {
    return await readTensorFile(source, siblingsOf(path));
  } catch (error) {
    await source.close();
    throw error;
  }
}
