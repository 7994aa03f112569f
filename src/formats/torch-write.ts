/**
 * The bytes of a PyTorch file as torch.save(model.state_dict()) writes it since version 1.6: a zip archive with a
 * pickle that describes an ordered dictionary of tensors, and one record with the bytes of each. The pickle uses
 * nothing that torch.load(weights_only=True) refuses.
 */

import { OP } from './pickle-opcodes.js';
import type { Dtype } from './tensors.js';
import { bytesToWrite, checkNames, notWritable, sizeToWrite, type TensorToWrite } from './to-write.js';
import { STORAGE_TYPES } from './torch-objects.js';
import { type ZipRecordToWrite, zipPieces } from './zip-write.js';

/** The name of the folder in the archive. PyTorch takes any. */
const FOLDER = 'archive';

/** Version of the archive's layout, as the record `version` has it. */
const LAYOUT_VERSION = '3\n';

/**
 * Yields the file from beginning to end; the dictionary has the order of `tensors`.
 * @throws AttuneError 'weights' for equal names, a name that is not Unicode text, a type that PyTorch cannot save, data
 *   that does not fit its shape, or 4 GiB and more.
 */
export async function* torchPieces(tensors: readonly TensorToWrite[]): AsyncGenerator<Uint8Array> {
  checkNames(tensors);
  const pickle = stateDictPickle(tensors);
  yield* zipPieces([
    // First, for PyTorch takes the folder's name from the first record.
    record('data.pkl', pickle),
    record('byteorder', new TextEncoder().encode('little')),
    ...tensors.map((tensor, key) => ({
      name: `${FOLDER}/data/${key}`,
      size: sizeToWrite(tensor),
      bytes: () => bytesToWrite(tensor),
    })),
    record('version', new TextEncoder().encode(LAYOUT_VERSION)),
  ]);
}

function record(name: string, bytes: Uint8Array): ZipRecordToWrite {
  return { name: `${FOLDER}/${name}`, size: bytes.length, bytes: () => bytes };
}

/** A pickle of protocol 2: OrderedDict of names and tensors, each on a storage of its own. */
function stateDictPickle(tensors: readonly TensorToWrite[]): Uint8Array {
  const code: number[] = [OP.PROTO, 2, ...emptyOrderedDict(), OP.MARK];
  tensors.forEach((tensor, key) => {
    for (const byte of [...text(tensor.name), ...rebuiltTensor(tensor, String(key))]) code.push(byte);
  });
  code.push(OP.SETITEMS, OP.STOP);
  return Uint8Array.from(code);
}

/** _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks) */
function rebuiltTensor(tensor: TensorToWrite, key: string): number[] {
  const { name, dtype, shape } = tensor;
  const length = shape.reduce((product, size) => product * size, 1);
  sizeToWrite(tensor);
  const storage = [
    ...text('storage'),
    ...global('torch', storageType(name, dtype)),
    ...text(key),
    ...text('cpu'),
    ...integer(length),
  ];
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  return [
    ...global('torch._utils', '_rebuild_tensor_v2'),
    OP.MARK,
    ...[OP.MARK, ...storage, OP.TUPLE, OP.BINPERSID],
    ...integer(0),
    ...[OP.MARK, ...shape.flatMap(integer), OP.TUPLE],
    ...[OP.MARK, ...strides.flatMap(integer), OP.TUPLE],
    OP.NEWFALSE,
    ...emptyOrderedDict(),
    OP.TUPLE,
    OP.REDUCE,
  ];
}

function storageType(name: string, dtype: Dtype): string {
  const found = Object.entries(STORAGE_TYPES).find(([, candidate]) => candidate === dtype);
  if (found === undefined) throw notWritable(name, `a PyTorch file cannot hold the type ${dtype}`);
  return found[0];
}

function emptyOrderedDict(): number[] {
  return [...global('collections', 'OrderedDict'), OP.EMPTY_TUPLE, OP.REDUCE];
}

function global(module: string, name: string): number[] {
  return [OP.GLOBAL, ...new TextEncoder().encode(`${module}\n${name}\n`)];
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [OP.BINUNICODE, ...little(bytes.length, 4), ...bytes];
}

/** A number of at least 0: with 4 bytes and a sign, or with as many as it takes. */
function integer(value: number): number[] {
  return value < 2 ** 31 ? [OP.BININT, ...little(value, 4)] : [OP.LONG1, 8, ...little(value, 8)];
}

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
}
