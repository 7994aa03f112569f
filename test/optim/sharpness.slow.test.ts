/** Sharpness-aware minimisation around each optimiser, and what it is for. */
import { crossEntropy, linear, sequential, SharpnessAware, sgd, tanh, tensor } from '#src/index';
import { Module } from '#src/nn/module';
import { backward } from '#src/ops/backward';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cpuDevice } from '../ops/support.js';
import { testSharpness } from './sharpness-suite.js';

testSharpness('CPU float64', () => cpuDevice('float64'));

class Tanh extends Module {
  override forward = tanh;
}

test('SAM at least halves the largest curvature of the loss, at a loss within 5 %', async () => {
  const device = await cpuDevice('float64');
  const count = 40;
  const points = Float64Array.from({ length: 2 * count }, (_, i) => Math.sin(3 * i) + (i % 2) * 0.5);
  // Quadrants, and every ninth label is wrong.
  const labels = Int32Array.from({ length: count }, (_, i) =>
    points[2 * i]! * points[2 * i + 1]! > 0 === i % 9 > 0 ? 1 : 0,
  );

  /** The loss after 300 steps, and the largest eigenvalue of its second derivative there. */
  const train = async (radius: number) => {
    const model = sequential(linear(2, 24, { seed: 1 }), new Tanh(), linear(24, 2, { seed: 2 }));
    await model.to(device);
    const { memory } = model;
    const parts = radius > 0 ? [new SharpnessAware(memory, radius)] : [];
    const optimizer = sgd(memory, { lr: 0.3, momentum: 0.9, parts });
    const gradient = () => {
      const x = tensor(points, [count, 2]);
      const loss = crossEntropy(model.forward(x), tensor(labels, [count]), { labelSmoothing: 0.1 });
      backward(loss);
      return loss;
    };
    let loss = Infinity;
    for (let step = 0; step < 300; step++) {
      loss = await device.run(gradient);
      for (const part of parts) {
        await device.run(() => part.perturb());
        await device.run(gradient);
      }
      await device.run(() => {
        optimizer.step();
        optimizer.zeroGradients();
      });
    }
    const [weights, gradients] = [memory.values.chunks[0]!, memory.gradients.chunks[0]!];
    const at = Float64Array.from(await device.read(weights));
    const gradientAt = async (place: Float64Array) => {
      device.write(weights, place);
      await device.run(gradient);
      const found = Float64Array.from(await device.read(gradients));
      await device.run(() => optimizer.zeroGradients());
      return found;
    };
    const curvature = await largestCurvature(at, gradientAt);
    optimizer.close();
    model.close();
    return { loss, curvature };
  };

  const [plain, aware] = [await train(0), await train(0.2)];
  const text = ({ loss, curvature }: typeof plain) =>
    `${curvature.toFixed(3)} at a loss of ${loss.toFixed(4)}`;
  console.log(`# largest curvature: SGD ${text(plain)}, SAM ${text(aware)}`);
  assert.ok(aware.curvature <= plain.curvature / 2);
  assert.ok(aware.loss <= 1.05 * plain.loss);
});

/** The largest eigenvalue of the second derivative at a place, by power iteration on differences of gradients. */
async function largestCurvature(
  at: Float64Array,
  gradientAt: (place: Float64Array) => Promise<Float64Array>,
): Promise<number> {
  const h = 1e-4;
  let direction = at.map((x, i) => (x === 0 ? 0 : Math.sin(i + 1)));
  let curvature = 0;
  for (let round = 0; round < 40; round++) {
    const length = Math.hypot(...direction);
    const unit = direction.map((x) => x / length);
    const [above, below] = [
      await gradientAt(at.map((x, i) => x + h * unit[i]!)),
      await gradientAt(at.map((x, i) => x - h * unit[i]!)),
    ];
    direction = above.map((g, i) => (g - below[i]!) / (2 * h));
    curvature = direction.reduce((sum, g, i) => sum + g * unit[i]!, 0);
  }
  return curvature;
}

test.run();
