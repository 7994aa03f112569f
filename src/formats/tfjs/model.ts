/**
 * TensorFlow.js models: `model.json` lists groups of weights, each of which lies in files one behind the other, and each
 * weight follows the one before it. Layers models have Keras's names, `Conv1/kernel`; graph models have those of their
 * nodes, where batch norms are mostly folded away.
 *
 * Weights may be quantised: float16 is kept as it is, and uint8 and uint16 stand for `min + scale * number` in float32.
 */

import { NUMBERS_AT_ONCE, type Pauses } from '../../pauses.js';
import { type ByteSource, closeAll, joinedSource, type SiblingFiles } from '../bytes.js';
import { tensorEntry } from '../floats.js';
import type { JsonScanner } from '../json.js';
import { epsilonOf, type KerasLayer, layersByName } from '../keras/config.js';
import {
  byteLength,
  type Dtype,
  elementCount,
  MAX_RANK,
  MAX_TENSORS,
  type TensorEntry,
  type TensorFile,
  weightsError,
  quote,
} from '../tensors.js';

/** What a number of 8 or 16 bits stands for. */
interface Quantization {
  readonly stored: Dtype;
  readonly scale: number;
  readonly min: number;
}

interface Weight {
  readonly name: string;
  /** The type of the values, not of what is stored. */
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly quantization: Quantization | undefined;
}

/** Weights and the files that they lie in. */
export interface WeightsGroup {
  readonly paths: readonly string[];
  readonly weights: readonly Weight[];
}

/** The most files of one model; each stays open. */
const MAX_SHARDS = 2_000;

const DTYPES: Readonly<Record<string, Dtype>> = {
  float32: 'F32',
  float16: 'F16',
  int32: 'I32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
  complex64: 'C64',
};

/** Scans `weightsManifest`. */
export async function parseManifest(json: JsonScanner, where: string): Promise<WeightsGroup[]> {
  const groups: WeightsGroup[] = [];
  let [files, weights] = [0, 0];
  await json.array(async () => {
    const group = await parseGroup(json, `${where}, weightsManifest`);
    files += group.paths.length;
    weights += group.weights.length;
    if (files > MAX_SHARDS || weights > MAX_TENSORS) {
      throw weightsError(where, `there are more than ${MAX_SHARDS} files or ${MAX_TENSORS} weights`);
    }
    groups.push(group);
  });
  return groups;
}

async function parseGroup(json: JsonScanner, where: string): Promise<WeightsGroup> {
  const paths: string[] = [];
  const weights: Weight[] = [];
  await json.object(async (key) => {
    if (key === 'paths') await json.array(() => paths.push(json.string()));
    else if (key === 'weights') await json.array(async () => weights.push(await parseWeight(json, where)));
    else await json.skip();
  });
  return { paths, weights };
}

async function parseWeight(json: JsonScanner, where: string): Promise<Weight> {
  let name: string | undefined;
  let dtype: Dtype | undefined;
  let quantization: Quantization | undefined;
  const shape: number[] = [];
  await json.object(async (key) => {
    if (key === 'name') name = json.string();
    else if (key === 'dtype') dtype = dtypeOf(json.string(), where);
    else if (key === 'shape') {
      for (const _ of json.elements()) {
        if (shape.length === MAX_RANK)
          throw weightsError(where, `a shape has more than ${MAX_RANK} dimensions`);
        shape.push(json.integer());
      }
    } else if (key === 'quantization') quantization = await parseQuantization(json, where);
    else await json.skip();
  });
  if (name === undefined || dtype === undefined)
    throw weightsError(where, 'a weight has no name or no dtype');
  const isHalf = quantization?.stored === 'F16';
  if (quantization !== undefined && dtype !== 'F32') {
    throw weightsError(where, `the quantised weight ${quote(name)} is not float32`);
  }
  return { name, dtype: isHalf ? 'F16' : dtype, shape, quantization: isHalf ? undefined : quantization };
}

async function parseQuantization(json: JsonScanner, where: string): Promise<Quantization> {
  let stored: Dtype | undefined;
  let [scale, min]: (number | undefined)[] = [];
  await json.object((key) => {
    if (key === 'dtype') stored = dtypeOf(json.string(), where);
    else if (key === 'scale') scale = json.number();
    else if (key === 'min') min = json.number();
    else return json.skip();
    return undefined;
  });
  if (stored === 'F16') return { stored, scale: 1, min: 0 };
  if ((stored !== 'U8' && stored !== 'U16') || scale === undefined || min === undefined) {
    throw weightsError(where, 'a quantization has no dtype uint8, uint16 or float16, or no scale and min');
  }
  return { stored, scale, min };
}

function dtypeOf(name: string, where: string): Dtype {
  if (!Object.hasOwn(DTYPES, name)) {
    throw weightsError(where, `the data type ${quote(name, 40)} is not a number of fixed size`);
  }
  return DTYPES[name];
}

/** What `model.json` says of the weights, and what a program has left in it. */
export interface TfjsDescription {
  readonly groups: readonly WeightsGroup[];
  readonly topology: KerasLayer | undefined;
  readonly isGraph: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Opens the files of a model and offers its weights, which are read on demand.
 * @throws AttuneError 'weights' if a file is outside the model's folder or their sizes are not those of the weights,
 *   'input' if one is missing.
 */
export async function readTfjs(
  source: ByteSource,
  siblings: SiblingFiles,
  { groups, topology, isGraph, metadata }: TfjsDescription,
): Promise<TensorFile> {
  const open: ByteSource[] = [source];
  try {
    const tensors: TensorEntry[] = [];
    const names = new Set<string>();
    const seen = new Set<string>();
    const layers = topology === undefined ? undefined : layersByName(topology);
    for (const { paths, weights } of groups) {
      const files: ByteSource[] = [];
      for (const path of paths) {
        if (seen.has(path)) {
          throw weightsError(source.name, `the file ${quote(path)} is named twice`);
        }
        seen.add(path);
        const file = await siblings.open(path, 'confine');
        open.push(file);
        files.push(file);
      }
      for (const tensor of await entriesOf(weights, joinedSource(files, source.name, source.pauses))) {
        if (source.pauses.due) await source.pauses.take();
        if (names.has(tensor.name)) {
          throw weightsError(source.name, `the weight ${quote(tensor.name)} appears twice`);
        }
        names.add(tensor.name);
        const layer = layers?.get(tensor.name.split('/').at(-2) ?? '');
        tensors.push({ ...tensor, epsilon: epsilonOf(layer, tensor.name) });
      }
    }
    return {
      format: isGraph ? 'tfjs-graph' : 'tfjs-layers',
      layout: 'keras',
      metadata,
      tensors,
      skipped: [],
      close: () => closeAll(open),
    };
  } catch (error) {
    // The caller closes the first, as it does for every format.
    await closeAll(open.slice(1));
    throw error;
  }
}

/** The weights of a group, one behind the other in its files, which they fill. */
async function entriesOf(weights: readonly Weight[], files: ByteSource): Promise<TensorEntry[]> {
  let position = 0;
  const tensors: TensorEntry[] = [];
  for (const weight of weights) {
    if (files.pauses.due) await files.pauses.take();
    const { name, dtype, shape, quantization } = weight;
    const where = `${files.name}, weight ${quote(name)}`;
    const size = byteLength(quantization?.stored ?? dtype, shape);
    if (size === undefined || !Number.isSafeInteger(position + size)) {
      throw weightsError(where, `the shape [${shape}] is too large`);
    }
    const start = position;
    position += size;
    const entry = tensorEntry(weight, where, async () => {
      const stored = await files.read(start, size);
      return quantization === undefined
        ? stored
        : dequantized(stored, quantization, elementCount(shape) as number, files.pauses);
    });
    tensors.push(entry);
  }
  if (position !== files.size) {
    throw weightsError(
      `${files.name}, weightsManifest`,
      `the weights take ${position} bytes but their files have ${files.size}`,
    );
  }
  return tensors;
}

/** Little-endian float32 values. */
async function dequantized(
  bytes: Uint8Array,
  { stored, scale, min }: Quantization,
  count: number,
  pauses: Pauses,
): Promise<Uint8Array> {
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new DataView(new ArrayBuffer(4 * count));
  for (let i = 0; i < count; ) {
    if (pauses.due) await pauses.take();
    const end = Math.min(count, i + NUMBERS_AT_ONCE);
    for (; i < end; i++) {
      const number = stored === 'U8' ? from.getUint8(i) : from.getUint16(2 * i, true);
      out.setFloat32(4 * i, number * scale + min, true);
    }
  }
  return new Uint8Array(out.buffer);
}
