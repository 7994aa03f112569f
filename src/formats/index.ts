/**
 * formats: bytes <-> named tensors, for safetensors, PyTorch, Keras, TensorFlow.js, ONNX and NumPy files; and
 * TensorBoard's event files. Knows no model.
 */

export { crc32 } from './crc32.js';
export { type ByteSource, memorySource } from './bytes.js';
export { sessionStartRecord, summaryRecord, versionRecord } from './event-file.js';
export {
  assertReplaceable,
  createGrowingFile,
  cutFile,
  type GrowingFile,
  hintForMissing,
  isThere,
  keepAs,
  makeFolder,
  moveFile,
  namesIn,
  openByteSource,
  replaceFile,
} from './file.js';
export { makeFolders, tryFolder } from './folders.js';
export { openTensorFile, openTensors } from './any-format/open.js';
export { readTensorFile } from './any-format/recognise.js';
export { assertRegular, kindOf, openRegular, readRegularText } from './regular-file.js';
export { JsonScanner, MOST_JSON } from './json.js';
export { MAX_HEADER_BYTES } from './safetensors.js';
export { safetensorsPieces } from './safetensors-write.js';
export { writeKeras, writeOnnx, writeSafetensors, writeTorch } from './any-format/save.js';
export type { OnnxModel } from './onnx/write.js';
export type { Encoded } from './protobuf-write.js';
export * as summaries from './summaries.js';
export type { Histogram, Hyperparameter } from './summaries.js';
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
export { shardNames, shards, type TfjsModel, tfjsJson } from './tfjs/write.js';
export type { TensorToWrite } from './to-write.js';
