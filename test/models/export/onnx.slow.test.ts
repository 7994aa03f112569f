/** onnxruntime computes the logits that attune computes. Needs npm ci --prefix bench/exports. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeOnnx } from '#src/formats/index';
import { kindOfNetwork } from '#src/inputs/index';
import { findModel, graphOf, MODEL_NAMES, onnxModel } from '#src/models/index';
import { newFolder } from '../../finetune/support.js';
import { assertSameLogits, reader, logitsOf, randomImages, randomModel, sideFor } from './support.js';

interface OnnxTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

interface Onnxruntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
  readonly InferenceSession: {
    create(
      path: string,
      options: object,
    ): Promise<{ run(feeds: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>> }>;
  };
}

const BATCH = 2;
const CLASSES = 7;

/** [batch, height, width, 3] to [batch, 3, height, width]. */
function channelsFirst(images: Float32Array, side: number): Float32Array {
  const area = side * side;
  return images.map((_, i) => {
    const [image, channel, place] = [Math.floor(i / (3 * area)), Math.floor(i / area) % 3, i % area];
    return images[image * 3 * area + place * 3 + channel];
  });
}

/** Networks of images; the largest ones' graphs are those of their sisters, with more of the same. */
const LARGE: readonly string[] = ['vit_s_16', 'vit_l_16', 'deit_s_16_distilled', 'deit_b_16_distilled'];
const WRITTEN = MODEL_NAMES.filter(
  (name) => kindOfNetwork(findModel(name)) === 'image' && !LARGE.includes(name),
);

for (const name of WRITTEN) {
  test(`${name} in onnxruntime`, async () => {
    const { InferenceSession, Tensor } = reader<Onnxruntime>('onnxruntime-node');
    const side = sideFor(name);
    const model = randomModel(name, CLASSES);
    const images = randomImages(BATCH, side);
    const path = join(newFolder(), 'model.onnx');
    const description = { name, input: 'images', metadata: { classes: '["a"]' } };
    await writeOnnx(path, onnxModel(await graphOf(model, [side, side, 3]), description));
    const expected = await logitsOf(model, images, BATCH, side);

    const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
    const input = new Tensor('float32', channelsFirst(images, side), [BATCH, 3, side, side]);
    const { logits, probabilities } = await session.run({ images: input });
    assert.equal(logits.dims, [BATCH, CLASSES]);
    assertSameLogits(logits.data, expected, name);
    for (let image = 0; image < BATCH; image++) {
      const row = expected.subarray(image * CLASSES, (image + 1) * CLASSES);
      const largest = Math.max(...row);
      const powers = Array.from(row, (logit) => Math.exp(logit - largest));
      const total = powers.reduce((sum, power) => sum + power, 0);
      powers.forEach((power, i) => {
        assert.ok(Math.abs(power / total - probabilities.data[image * CLASSES + i]) < 1e-3);
      });
    }
  });
}

test.run();
