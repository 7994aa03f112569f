/** One of Keras's networks against TensorFlow.js's layers: what comes out for one image. */
import type { Network } from '#src/models/network';
import { modelTensors } from '#src/models/naming';
import { loadStateDict } from '#src/nn/state-dict';
import { softmax } from '#src/ops/norm/softmax';
import { tensor } from '#src/tensor/tensor';
import * as assert from 'uvu/assert';
import { openJudge } from '../nn/support.js';
import { KERAS_IMAGE, kerasEntries, kerasExpected, kerasValues } from './formula.js';

/** TensorFlow.js computes in float32. */
const TOLERANCE = 1e-5;

/** `turned`: the network takes blue, green, red in Keras, and here the usual order. */
export async function assertKerasOutputs(
  model: Network,
  network: string,
  { turned }: { readonly turned: boolean },
): Promise<void> {
  const device = await openJudge();
  const report = await loadStateDict(
    model,
    modelTensors({ layout: 'keras', tensors: kerasEntries(network) }),
  );
  assert.is(report.loaded.length, kerasExpected(network).variables.length);
  await model.to(device);
  const image = kerasValues('images', KERAS_IMAGE);
  const pixels = turned ? image.map((_, i) => image[i + 2 - 2 * (i % 3)]!) : image;
  const found = await device.run(() => {
    const x = tensor(pixels, KERAS_IMAGE);
    return { features: model.features(x), probabilities: softmax(model.forward(x)) };
  });
  const expected = kerasExpected(network);
  assertClose([...found.features.subarray(0, 16)], expected.features);
  assertClose([...found.probabilities], expected.probabilities);
  model.close();
  await device.close();
}

/** Equal as a share of the largest number. */
function assertClose(found: readonly number[], expected: readonly number[]): void {
  assert.is(found.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  const error = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
  assert.ok(error <= TOLERANCE * largest, `error ${error} beside ${largest}`);
}
