/**
 * Mutations of Keras's files. An HDF5 file is mostly arrays and gaps, so changes at random would rarely meet a
 * structure: these change the structures themselves, which their signatures find, with numbers that matter to them:
 * sizes, and the addresses of other structures.
 */

import { crc32 } from '#src/formats/crc32';
import { kerasPieces } from '#src/formats/keras/write';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { type FuzzTarget, INTERESTING, mutateBytes, mutateJson, mutateRecord, type Random } from './fuzz.js';
import { fileOf, fixtureBytes, little, type ZipRecordOptions, zip } from './support.js';

/** An HDF5 file and where its structures begin. */
interface Hdf5File {
  readonly bytes: Uint8Array;
  readonly structures: readonly number[];
}

const SIGNATURES = ['TREE', 'SNOD', 'HEAP', 'GCOL', 'OHDR', 'OCHK', 'FRHP', 'FHIB', 'BTHD', 'BTLF', 'BTIN'];

function hdf5File(bytes: Uint8Array): Hdf5File {
  const buffer = Buffer.from(bytes);
  const structures = [0];
  for (const signature of SIGNATURES) {
    for (let at = buffer.indexOf(signature); at >= 0; at = buffer.indexOf(signature, at + 1))
      structures.push(at);
  }
  // Object headers of version 1 have no signature: version, number of messages, and one reference.
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const isHeader = bytes[at] === 1 && bytes[at + 1] === 0 && bytes[at + 3] === 0 && bytes[at + 4] === 1;
    if (isHeader && bytes.subarray(at + 5, at + 8).every((byte) => byte === 0)) structures.push(at);
  }
  return { bytes, structures };
}

function mutateHdf5(random: Random, { bytes, structures }: Hdf5File): Uint8Array {
  if (random.chance(5)) return mutateBytes(random, bytes);
  const mutant = bytes.slice();
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.pick(structures) + random.below(random.chance(70) ? 64 : 300);
    if (at >= mutant.length) continue;
    const value = random.chance(30)
      ? random.pick(structures)
      : random.chance(50)
        ? random.below(20)
        : random.pick(INTERESTING);
    if (random.chance(25)) mutant[at] ^= 1 << random.below(8);
    else mutant.set(little(value, random.pick([1, 1, 2, 4, 8])).slice(0, mutant.length - at), at);
  }
  return mutant;
}

/** As attune writes one, with metadata. */
const OWN = await fileOf(
  kerasPieces({
    config: {
      class_name: 'Functional',
      config: {
        name: 'own',
        layers: [{ class_name: 'BatchNormalization', config: { name: 'a', epsilon: 0.5 } }],
      },
    },
    layers: [
      {
        layer: 'a',
        variables: [{ name: 'moving_variance', dtype: 'F32', shape: [2], data: new Float32Array(2) }],
      },
    ],
    metadata: { model: 'resnet-small', classes: '["ant"]' },
  }),
);

/** The last ones are refused as they are: what lies behind the first refusal is met when a mutation undoes it. */
const LEGACY_NAMES = [
  ...['weights.h5', 'model.h5', 'nested.h5', 'kinds.h5', 'kinds.h5', 'small-1.8.h5', 'lambda.h5'],
  ...['attack-chunk.h5', 'attack-bomb.h5', 'attack-virtual.h5', 'attack-external-link-1.8.h5'],
  ...['never-written.h5', 'newest-chunks.h5', 'lzf.h5'],
];
const LEGACY = [OWN, ...LEGACY_NAMES.map((name) => fixtureBytes(`keras/${name}`))].map(hdf5File);
const KERAS3 = ['named', 'layers', 'dropout', 'subclass', 'circle'].map((name) =>
  hdf5File(fixtureBytes(`keras/${name}.weights.h5`)),
);

/** The weights within an archive. */
const LAYERS = KERAS3[1];
const LAYERS_CRC = crc32(LAYERS.bytes);

const CONFIG = JSON.stringify({
  class_name: 'Functional',
  config: {
    name: 'tiny',
    layers: [
      { class_name: 'Conv2D', config: { name: 'stem', filters: 4 } },
      {
        class_name: 'BatchNormalization',
        config: { name: 'stem_bn', scale: true, center: true, epsilon: 1e-3 },
      },
      { class_name: 'ReLU', config: { name: 'act', max_value: 6.5e-1 } },
      { class_name: 'DepthwiseConv2D', config: { name: 'block_depthwise' } },
      { class_name: 'Conv2D', config: { name: 'again', padding: null } },
      { class_name: 'Dense', config: { name: 'a_head' } },
      { class_name: 'Sequential', config: { name: 'inner', layers: [] } },
    ],
  },
});

function mutateArchive(random: Random): Uint8Array {
  const part = random.below(10);
  const config = part < 4 ? mutateJson(random, CONFIG) : CONFIG;
  const weights = part >= 4 && part < 8 ? mutateHdf5(random, LAYERS) : LAYERS.bytes;
  const records: ZipRecordOptions[] = [
    { name: 'metadata.json', data: new TextEncoder().encode('{"keras_version": "3.5.0"}') },
    { name: 'config.json', data: new TextEncoder().encode(config) },
    { name: 'model.weights.h5', data: weights, crc: weights === LAYERS.bytes ? LAYERS_CRC : crc32(weights) },
  ];
  if (part === 8) mutateRecord(random, records);
  return part === 9 ? mutateBytes(random, zip(records)) : zip(records);
}

const H5 = { parse: readTensorFile, quickCases: 500, pastHeader: /, (?!superblock)/ } as const;

export const KERAS_TARGETS: readonly FuzzTarget[] = [
  { name: 'keras-h5', ...H5, mutate: (random) => mutateHdf5(random, random.pick(LEGACY)) },
  { name: 'keras-weights-h5', ...H5, mutate: (random) => mutateHdf5(random, random.pick(KERAS3)) },
  {
    name: 'keras',
    parse: readTensorFile,
    quickCases: 500,
    pastHeader: /, (config\.json|model\.weights\.h5)/,
    mutate: mutateArchive,
  },
];
