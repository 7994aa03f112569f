/**
 * Writes the TensorFlow.js models that the tests of src/formats read, and what they hold.
 *
 *     npm ci --prefix bench && node test/formats/make-tfjs-fixtures.mjs
 *
 * TensorFlow.js (made with 4.22) comes with the benchmarks. It gives the topology, the list of weights and their bytes;
 * cutting the bytes into files and quantising them is what its converter, a Python program, does.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const tf = createRequire(new URL('../../bench/package.json', import.meta.url))('@tensorflow/tfjs');
const folder = fileURLToPath(new URL('./fixtures/tfjs/', import.meta.url));

const model = tf.sequential({
  name: 'tiny',
  layers: [
    tf.layers.conv2d({
      name: 'Conv1',
      inputShape: [8, 8, 3],
      filters: 4,
      kernelSize: 3,
      useBias: false,
      kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
    }),
    tf.layers.batchNormalization({ name: 'bn_Conv1' }),
    tf.layers.depthwiseConv2d({
      name: 'expanded_conv_depthwise',
      kernelSize: 3,
      depthwiseInitializer: tf.initializers.glorotUniform({ seed: 2 }),
    }),
    tf.layers.globalAveragePooling2d({ name: 'pool' }),
    tf.layers.dense({
      name: 'predictions',
      units: 2,
      kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }),
    }),
  ],
});

/** @type {any} */
let saved;
await model.save(
  tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  }),
);
const data = new Uint8Array(saved.weightData);

/** Writes a model whose bytes are cut into `pieces` files, most of which end within a weight. */
function write(name, weights, bytes, pieces, more) {
  mkdirSync(folder + name, { recursive: true });
  const size = Math.ceil(bytes.length / pieces);
  const paths = Array.from({ length: pieces }, (_, i) => `group1-shard${i + 1}of${pieces}.bin`);
  for (const [i, path] of paths.entries()) {
    writeFileSync(`${folder}${name}/${path}`, bytes.subarray(i * size, (i + 1) * size));
  }
  const json = { ...more, weightsManifest: [{ paths, weights }] };
  writeFileSync(`${folder}${name}/model.json`, `${JSON.stringify(json)}\n`);
}

function expected(name, entries) {
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(entries, null, 1)}\n`);
}

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const topology = {
  format: 'layers-model',
  generatedBy: saved.generatedBy,
  convertedBy: null,
  modelTopology: saved.modelTopology,
};

let position = 0;
const values = saved.weightSpecs.map(({ shape }) => {
  const count = shape.reduce((product, length) => product * length, 1);
  const bytes = data.slice(position, (position += 4 * count));
  return new Float32Array(bytes.buffer);
});
write('layers', saved.weightSpecs, data, 3, topology);
expected(
  'layers',
  saved.weightSpecs.map(({ name, shape }, i) => {
    const raw = hex(new Uint8Array(values[i].buffer));
    return { name, dtype: 'F32', shape, raw, float32: raw };
  }),
);

// Quantised: the first weight to 8 bits, the second to 16, the third to float16 (all ones), the others not at all.
const entries = [];
const parts = [];
const specs = saved.weightSpecs.map(({ name, shape, dtype }, i) => {
  const min = Math.min(...values[i]);
  const scale = (Math.max(...values[i]) - min) / (i === 0 ? 255 : 65535) || 1;
  const spec = { name, shape, dtype };
  if (i < 2) {
    const Numbers = i === 0 ? Uint8Array : Uint16Array;
    const numbers = Numbers.from(values[i], (value) => Math.round((value - min) / scale));
    parts.push(new Uint8Array(numbers.buffer));
    const raw = hex(new Uint8Array(Float32Array.from(numbers, (number) => number * scale + min).buffer));
    entries.push({ name, dtype: 'F32', shape, raw, float32: raw });
    return { ...spec, quantization: { dtype: i === 0 ? 'uint8' : 'uint16', scale, min } };
  }
  if (i === 2) {
    const halves = Uint16Array.from(values[i], (_, j) => 0x3c00 + j);
    parts.push(new Uint8Array(halves.buffer));
    const float32 = Float32Array.from(halves, (_, j) => 1 + j / 1024);
    entries.push({
      name,
      dtype: 'F16',
      shape,
      raw: hex(new Uint8Array(halves.buffer)),
      float32: hex(new Uint8Array(float32.buffer)),
    });
    return { ...spec, quantization: { dtype: 'float16', original_dtype: 'float32' } };
  }
  const bytes = new Uint8Array(values[i].buffer);
  parts.push(bytes);
  entries.push({ name, dtype: 'F32', shape, raw: hex(bytes), float32: hex(bytes) });
  return spec;
});
write('quantized', specs, Buffer.concat(parts), 2, topology);
expected('quantized', entries);

// A graph model has nodes instead of layers, and here does not name its format, as old ones do not.
const graphWeights = [
  { name: 'MobilenetV1/Conv2d_0/weights', shape: [1, 1, 2, 2], dtype: 'float32' },
  { name: 'axis', shape: [2], dtype: 'int32' },
];
const graphBytes = new Uint8Array(24);
new Float32Array(graphBytes.buffer, 0, 4).set([1, 2, 3, 4]);
new Int32Array(graphBytes.buffer, 16, 2).set([1, 2]);
write('graph', graphWeights, graphBytes, 1, {
  modelTopology: { node: [{ name: 'input', op: 'Placeholder' }], library: {} },
});
