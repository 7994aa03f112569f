/**
 * Which format a file has, by its first bytes and never by its name: people rename files, and servers answer with
 * something else than was asked for. For what attune does not read, the error says what it is and what to do.
 */

import { type ByteSource, latin1, type SiblingFiles } from '../bytes.js';
import { HDF5_SIGNATURE } from '../hdf5/file.js';
import { readJsonWeights } from './json-weights.js';
import { isKerasArchive, readKerasArchive } from '../keras/archive.js';
import { readKerasH5 } from '../keras/h5.js';
import { isNpz, readNpz } from '../npz.js';
import { readOnnx } from '../onnx/model.js';
import { readSafetensors } from '../safetensors.js';
import { type TensorFile, weightsError } from '../tensors.js';
import { readTorchLegacy } from '../torch-legacy.js';
import { readTorchZip } from '../torch-zip.js';
import { readZipDirectory } from '../zip.js';

/** Enough of the file to see the mark of a tar archive, which is at byte 257. */
const HEAD_BYTES = 512;

/** A format that is recognised only in order to say so. */
interface OtherFormat {
  readonly matches: (head: Uint8Array, text: string) => boolean;
  readonly what: string;
  readonly hint: string;
}

const CONVERT =
  'attune reads safetensors, PyTorch, Keras, TensorFlow.js, ONNX and NumPy weights; convert it first';

const OTHER_FORMATS: readonly OtherFormat[] = [
  {
    matches: (_, text) => text.startsWith('version https://git-lfs'),
    what: 'this is a Git LFS pointer, which stands for the weights but does not hold them',
    hint: 'fetch the file itself with: git lfs pull',
  },
  {
    matches: (_, text) => /^\s*<(!doctype|html|\?xml|head|body)/i.test(text),
    what: 'this is a web page, not weights',
    hint: 'the download was answered with a page; use the direct link to the file, logged in if the site asks for it',
  },
  {
    matches: (_, text) => text.slice(257, 262) === 'ustar',
    what: 'this is a tar archive, either packed weights or the format of PyTorch before 0.1.12',
    hint: 'unpack it, or load it in PyTorch and save the weights again',
  },
  {
    matches: (head) => head[0] === 0x1f && head[1] === 0x8b,
    what: 'this is a gzip archive',
    hint: 'unpack it and name the weights file inside',
  },
  {
    // A protobuf message as ONNX is one, but of version 1, which ONNX left behind in 2017.
    matches: (_, text) => text.startsWith('\x08\x01\x12'),
    what: 'this is a SavedModel of TensorFlow',
    hint: 'load it in Keras and save it as .keras or .h5',
  },
  {
    matches: (_, text) => text.slice(4, 8) === 'TFL3',
    what: 'this is a TensorFlow Lite model',
    hint: 'convert the model that it was made from',
  },
  { matches: (_, text) => text.startsWith('GGUF'), what: 'this is a GGUF file', hint: CONVERT },
  {
    matches: (_, text) => text.startsWith('\x93NUMPY'),
    what: 'this is a NumPy array without a name',
    hint: 'save arrays by the names of their weights with np.savez(file, **weights)',
  },
];

/**
 * Recognises and opens the weights in `source`.
 * @param siblings the files beside it, for formats of several files
 * @throws AttuneError 'weights' if they are damaged or of a format that attune does not read.
 */
export async function readTensorFile(source: ByteSource, siblings?: SiblingFiles): Promise<TensorFile> {
  if (source.size === 0) {
    throw weightsError(source.name, 'the file is empty', 'the download or the copy failed; fetch it again');
  }
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES));
  const text = latin1(head);
  // First, as the low bytes of its length can be those that any other format begins with.
  if (isSafetensors(text)) return readSafetensors(source);
  const other = OTHER_FORMATS.find(({ matches }) => matches(head, text));
  if (other !== undefined) throw weightsError(source.name, other.what, other.hint);
  if (text.trimStart().startsWith('{')) return readJsonWeights(source, siblings);
  if (text.startsWith(HDF5_SIGNATURE)) return readKerasH5(source);
  if (isOnnx(head)) return readOnnx(source, siblings);
  if (text.startsWith('PK')) return readZip(source);
  if (head[0] === 0x80) return readTorchLegacy(source);
  throw weightsError(
    source.name,
    'the format of the file is not known',
    'attune reads safetensors, PyTorch (.pth, .pt, .bin), Keras (.h5, .keras), TensorFlow.js (model.json), ONNX and NumPy (.npz); if it is one of these, it is damaged',
  );
}

/** PyTorch, Keras and NumPy all make zip archives. */
async function readZip(source: ByteSource): Promise<TensorFile> {
  const directory = await readZipDirectory(source);
  if (isKerasArchive(directory.names)) return readKerasArchive(source, directory);
  if (isNpz(directory.names)) return readNpz(source, directory);
  return readTorchZip(source, directory);
}

/** Fields 1 (version, a small number) and then 2 (producer), 7 (graph) or 8 (operator sets) of a protobuf message. */
function isOnnx(head: Uint8Array): boolean {
  return head[0] === 0x08 && head[1] > 0 && head[1] < 32 && [0x12, 0x3a, 0x42].includes(head[2]);
}

/** A length whose upper half is zero, and then the beginning of a JSON object. */
function isSafetensors(text: string): boolean {
  return text.slice(4, 8) === '\0\0\0\0' && text.slice(8).trimStart().startsWith('{');
}
