/** Saving tensors under a path. */

import { replaceFile } from './file.js';
import { safetensorsPieces, type TensorToWrite } from './safetensors-write.js';

/**
 * Writes a safetensors file. The path stands for the old file until the new one is complete and on the disk.
 * @throws AttuneError 'disk' if there is no space or no permission, 'weights' if a name or size is not valid.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await replaceFile(path, safetensorsPieces(tensors, metadata));
}
