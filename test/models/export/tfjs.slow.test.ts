/** TensorFlow.js computes the logits that attune computes. Needs npm ci --prefix bench/exports. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shards, tfjsJson } from '#src/formats/index';
import { kindOfNetwork } from '#src/inputs/index';
import { findModel, graphOf, kerasModel, kerasWeights, MODEL_NAMES } from '#src/models/index';
import { assertSameLogits, logitsOf, randomImages, randomModel, reader, sideFor } from './support.js';

interface Tensor {
  readonly shape: readonly number[];
  dataSync(): Float32Array;
}

interface LayersModel {
  readonly inputs: readonly unknown[];
  readonly layers: readonly { readonly output: unknown }[];
  predict(x: Tensor): Tensor[];
  getUserDefinedMetadata(): object;
}

interface Core {
  setBackend(name: string): Promise<boolean>;
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
}

interface Layers {
  loadLayersModel(handler: { load(): Promise<object> }): Promise<LayersModel>;
  model(options: object): LayersModel;
}

const BATCH = 2;
const CLASSES = 7;

/** Networks of images whose layers TensorFlow.js has: Transformers are none. */
const WITH_MAPS = MODEL_NAMES.filter(
  (name) => kindOfNetwork(findModel(name)) === 'image' && findModel(name).create().featureShape === 'map',
);

for (const name of WITH_MAPS) {
  test(`${name} in TensorFlow.js`, async () => {
    const core = reader<Core>('@tensorflow/tfjs-core');
    reader('@tensorflow/tfjs-backend-cpu');
    const { loadLayersModel, model: layersModel } = reader<Layers>('@tensorflow/tfjs-layers');
    await core.setBackend('cpu');
    const side = sideFor(name);
    const model = randomModel(name, CLASSES);
    const keras = kerasModel(await graphOf(model, [side, side, 3]), name);
    const { config, channels } = keras;
    assert.is(channels, name === 'resnet50-keras' ? 'BGR' : 'RGB');
    const exported = { config, weights: kerasWeights(keras), metadata: { model: name } };
    const json = JSON.parse(tfjsJson(exported));
    const bytes: Uint8Array[] = [];
    for await (const { pieces } of shards(exported)) bytes.push(...pieces.map((piece) => piece.slice()));
    const loaded = await loadLayersModel({
      load: async () => ({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest[0].weights,
        weightData: new Uint8Array(Buffer.concat(bytes)).buffer,
        userDefinedMetadata: json.userDefinedMetadata,
      }),
    });
    assert.equal(loaded.getUserDefinedMetadata(), { model: name });

    const images = randomImages(BATCH, side);
    const expected = await logitsOf(model, images, BATCH, side);
    // Blue and red change places.
    const given = channels === 'RGB' ? images : images.map((_, i) => images[i - (i % 3) + 2 - (i % 3)]);
    const outputs = loaded.layers.slice(-2).map(({ output }) => output);
    const both = layersModel({ inputs: loaded.inputs, outputs });
    const [logits, probabilities] = both.predict(core.tensor(given, [BATCH, side, side, 3]));
    assert.equal(
      [logits.shape, probabilities.shape],
      [
        [BATCH, CLASSES],
        [BATCH, CLASSES],
      ],
    );
    assertSameLogits(logits.dataSync(), expected, name);
    const row = probabilities.dataSync().subarray(0, CLASSES);
    assert.ok(Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) < 1e-5);
  });
}

test.run();
