/**
 * Writes what TensorFlow.js's layers, which are Keras's, say about Keras's networks: layers, variables, and what comes
 * out for one image.
 *
 *     npm run build && npm run build:test && npm ci --prefix bench && node test/models/make-keras-fixtures.mjs
 *
 * Weights and image are not stored: they follow from a formula (formula.ts).
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { kerasMobilenetV2, kerasResnet50, setVariables } from '../../bench/parity/keras-models.mjs';
import { KERAS_IMAGE, kerasValues } from '../../build/test/models/formula.js';

const tf = createRequire(new URL('../../bench/', import.meta.url))('@tensorflow/tfjs');

await tf.setBackend('cpu');
const entries = Object.entries({ MobileNetV2: kerasMobilenetV2, ResNet50: kerasResnet50 }).map(
  ([network, make]) => `"${network}": ${JSON.stringify(describe(make))}`,
);
writeFileSync(new URL('fixtures/keras.json', import.meta.url), `{\n${entries.join(',\n')}\n}\n`);

function describe(make) {
  const [, height, width] = KERAS_IMAGE;
  const model = make(tf, { height, width, classes: 1000 });
  const variables = setVariables(tf, model, kerasValues);
  const pooled = model.layers.at(-2).output;
  const both = tf.model({ inputs: model.inputs, outputs: [pooled, ...model.outputs] });
  const image = kerasValues('images', KERAS_IMAGE);
  const [features, probabilities] = both.predict(tf.tensor(image, KERAS_IMAGE));
  return {
    layers: model.layers.map(({ name }) => name),
    numbers: model.countParams(),
    variables: variables.map(({ name, shape }) => [name, ...shape]),
    features: rounded(features.dataSync().subarray(0, 16)),
    probabilities: rounded(probabilities.dataSync()),
  };
}

/** float32 has no more digits. */
function rounded(values) {
  return Array.from(values, (value) => Number(value.toPrecision(9)));
}
