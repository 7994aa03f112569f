/** ResNet50 with random weights in every format that attune reads, for bench/loading.mjs. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { convert } from '../../dist/finetune/index.js';
import { replaceFile, writeSafetensors } from '../../dist/formats/index.js';
import { hdf5Pieces } from '../../dist/formats/hdf5/write.js';
import { zipPieces } from '../../dist/formats/zip-write.js';
import { graphOf, kerasModel, resnet50 } from '../../dist/models/index.js';
import { loadStateDict } from '../../dist/nn/index.js';
import { findPython } from '../parity/python.mjs';
import { resnet50Weights, stateEntries } from './resnet50-weights.mjs';

const SEED = 7;
const SIDE = 224;

/** Writes the files into `folder`; what to call each, its path, and the size of all that belongs to it. */
export async function writeFormats(folder) {
  const weights = resnet50Weights(SEED);
  const tensors = Array.from(weights, ([name, { shape, data }]) => ({ name, dtype: 'F32', shape, data }));
  const at = (name) => join(folder, name);
  await writeSafetensors(at('weights.safetensors'), tensors);
  for (const name of ['zip.pth', 'graph.onnx', 'model.h5', 'model.json']) {
    await convert({ from: at('weights.safetensors'), to: at(name) });
  }
  await writeShards(folder, tensors);
  await replaceFile(at('arrays.npz'), zipPieces(tensors.map(npyRecord)));
  const keras3 = await keras3File(weights);
  await replaceFile(at('model.weights.h5'), [keras3.bytes]);
  await replaceFile(at('model.keras'), zipPieces(kerasRecords(keras3)));

  const files = [
    ['safetensors', 'weights.safetensors'],
    ['safetensors in 3 files', 'shards.safetensors.index.json'],
    ['PyTorch, zip', 'zip.pth'],
    ['ONNX', 'graph.onnx'],
    ['Keras .h5', 'model.h5'],
    ['Keras 3 .weights.h5', 'model.weights.h5'],
    ['Keras 3 .keras', 'model.keras'],
    ['TensorFlow.js', 'model.json'],
    ['NumPy .npz', 'arrays.npz'],
  ];
  if (writeLegacy(at('zip.pth'), at('legacy.pth'))) files.push(['PyTorch, legacy', 'legacy.pth']);
  const { size } = statSync(at('weights.safetensors'));
  return files.map(([format, name]) => ({ format, path: at(name), size }));
}

async function writeShards(folder, tensors) {
  const weight_map = {};
  for (let shard = 0; shard < 3; shard++) {
    const name = `shard-${shard}.safetensors`;
    const part = tensors.filter((_, i) => i % 3 === shard);
    for (const tensor of part) weight_map[tensor.name] = name;
    await writeSafetensors(join(folder, name), part);
  }
  const index = JSON.stringify({ weight_map });
  await replaceFile(join(folder, 'shards.safetensors.index.json'), [Buffer.from(index)]);
}

/** An array as NumPy saves it. */
function npyRecord({ name, shape, data }) {
  const dimensions = shape.map((size) => `${size},`).join(' ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dimensions}), }\n`;
  const head = Buffer.from(`\x93NUMPY\x01\0\0\0${text}`, 'latin1');
  head.writeUInt16LE(text.length, 8);
  const size = head.length + data.byteLength;
  return { name: `${name}.npy`, size, bytes: () => Buffer.concat([head, new Uint8Array(data.buffer)]) };
}

/** Keras 3's file of weights, where a layer goes by its class and number, and the description of the layers. */
async function keras3File(weights) {
  const model = resnet50();
  await loadStateDict(model, stateEntries(weights));
  const { config, layers } = kerasModel(await graphOf(model, SIDE), 'resnet50');
  const counts = new Map();
  const groups = layers.map(({ layer, variables }, i) => {
    const key = snakeCase(config.config.layers[i].class_name);
    const number = counts.get(key) ?? 0;
    counts.set(key, number + 1);
    const members = new Map(variables.map((variable, j) => [String(j), variable]));
    const vars = { attributes: { name: layer }, members };
    const group = { attributes: {}, members: new Map([['vars', vars]]) };
    return [number === 0 ? key : `${key}_${number}`, group];
  });
  const layersGroup = { attributes: {}, members: new Map(groups) };
  const pieces = [];
  const root = { attributes: {}, members: new Map([['layers', layersGroup]]) };
  for await (const piece of hdf5Pieces(root)) pieces.push(piece);
  return { config, bytes: Buffer.concat(pieces) };
}

function snakeCase(name) {
  return name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

function kerasRecords({ config, bytes }) {
  const contents = [
    ['metadata.json', Buffer.from('{"keras_version": "3.5.0"}')],
    ['config.json', Buffer.from(JSON.stringify(config))],
    ['model.weights.h5', bytes],
  ];
  return contents.map(([name, data]) => ({ name, size: data.length, bytes: () => data }));
}

/** PyTorch's old format, by PyTorch itself; false where there is none. */
function writeLegacy(from, to) {
  let python;
  try {
    python = findPython();
  } catch (error) {
    console.error(`PyTorch's legacy format is left out: ${error.message}`);
    return false;
  }
  const program =
    'import sys, torch; torch.save(torch.load(sys.argv[1]), sys.argv[2], _use_new_zipfile_serialization=False)';
  execFileSync(python, ['-c', program, from, to]);
  return true;
}
