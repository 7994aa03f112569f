/** Saving tensors under a path. */

import { replaceFile } from '../file.js';
import { type KerasFile, kerasPieces } from '../keras/write.js';
import { type OnnxModel, onnxPieces } from '../onnx/write.js';
import { safetensorsPieces } from '../safetensors-write.js';
import type { TensorToWrite } from '../to-write.js';
import { torchPieces } from '../torch-write.js';

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

/**
 * Writes a state dict that PyTorch loads, also with weights_only=True. The path stands for the old file until the new
 * one is complete and on the disk.
 * @throws AttuneError 'disk' if there is no space or no permission, 'weights' if a name, type or size is not valid.
 */
export async function writeTorch(path: string, tensors: readonly TensorToWrite[]): Promise<void> {
  await replaceFile(path, torchPieces(tensors));
}

/**
 * Writes an ONNX model. The path stands for the old file until the new one is complete and on the disk.
 * @throws AttuneError 'disk' if there is no space or no permission, 'weights' if a name, type or size is not valid.
 */
export async function writeOnnx(path: string, model: OnnxModel): Promise<void> {
  await replaceFile(path, onnxPieces(model));
}

/**
 * Writes a Keras model as `.h5`. The path stands for the old file until the new one is complete and on the disk.
 * @throws AttuneError 'disk' if there is no space or no permission, 'weights' if a name, type or size is not valid.
 */
export async function writeKeras(path: string, model: KerasFile): Promise<void> {
  await replaceFile(path, kerasPieces(model));
}
