/** formats: bytes <-> named tensors, for safetensors, PyTorch, Keras, TensorFlow.js, ONNX and NumPy files. Knows no model. */

export { type ByteSource, memorySource } from './bytes.js';
export { hintForMissing, openByteSource, replaceFile } from './file.js';
export { openTensorFile } from './open.js';
export { readTensorFile } from './recognise.js';
export { safetensorsPieces } from './safetensors-write.js';
export { writeKeras, writeOnnx, writeSafetensors, writeTorch } from './save.js';
export {
  byteLength,
  type Dtype,
  type Format,
  type GraphLayer,
  type Layout,
  type SkippedEntry,
  type TensorEntry,
  type TensorFile,
  type TensorInfo,
} from './tensors.js';
export { shardNames, shards, type TfjsModel, tfjsJson } from './tfjs-write.js';
export type { TensorToWrite } from './to-write.js';
