/** Mutations of the JSON files that name others: a model of TensorFlow.js, and the index of sharded safetensors. */

import { readTensorFile } from '#src/formats/any-format/recognise';
import { type FuzzTarget, mutateBytes, mutateJson, type Random } from './fuzz.js';
import { memorySiblings, safetensorsOf } from './support.js';

const TFJS = JSON.stringify({
  format: 'layers-model',
  modelTopology: {
    model_config: {
      class_name: 'Sequential',
      config: {
        layers: [
          { a: [0.5, null] },
          { class_name: 'BatchNormalization', config: { name: 'n', epsilon: 1e-3 } },
        ],
      },
    },
    keras_version: '2.15.0',
  },
  weightsManifest: [
    {
      paths: ['a.bin', 'sub/b.bin'],
      weights: [
        { name: 'conv/kernel', shape: [2, 3], dtype: 'float32' },
        { name: 'q', shape: [4], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
        { name: 'h', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
      ],
    },
    { paths: ['c.bin'], weights: [{ name: 'n/moving_variance', shape: [], dtype: 'int32' }] },
  ],
  userDefinedMetadata: { classes: '["ant"]', other: [1] },
});
const TFJS_FILES = {
  'a.bin': new Uint8Array(20),
  'sub/b.bin': new Uint8Array(12),
  'c.bin': new Uint8Array(4),
};

const INDEX =
  '{"metadata":{"total_size":16},"weight_map":{"a":"1.safetensors","b":"2.safetensors","c":"1.safetensors"}}';
const INDEX_FILES = {
  '1.safetensors': safetensorsOf(
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"c":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
    8,
  ),
  '2.safetensors': safetensorsOf('{"b":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}', 8),
};

function mutate(random: Random, text: string): Uint8Array {
  const encoder = new TextEncoder();
  if (random.chance(20)) return mutateBytes(random, encoder.encode(text));
  return encoder.encode(mutateJson(random, text));
}

export const JSON_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'tfjs',
    parse: (source) => readTensorFile(source, memorySiblings(TFJS_FILES)),
    pastHeader: /, (weightsManifest|weight )|memory/,
    mutate: (random) => mutate(random, TFJS),
  },
  {
    name: 'safetensors-sharded',
    parse: (source) => readTensorFile(source, memorySiblings(INDEX_FILES)),
    pastHeader: /weight_map|memory/,
    mutate: (random) => mutate(random, INDEX),
  },
];
