/** What a software adapter takes by rule where the rule switches, against float64: results are those of the other side. */
import { conv2dInputGradientKernel } from '#src/ops/conv2d/conv2d-input-gradient-kernel';
import { conv2dKernel } from '#src/ops/conv2d/conv2d-kernel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, pick, randomEpilogue } from '../device/cpu-harness.js';
import { sharedWebGPU } from '../device/shared-webgpu.js';
import { checkInputGradient } from './conv2d/conv2d-gradient-cases.js';
import { checkConv2d } from './kernel-cases.js';

const ROUNDS = 8;

test(`${ROUNDS} convolutions around the least size of Winograd agree with float64, forwards and backwards`, async () => {
  const device = await sharedWebGPU();
  assert.ok(device.traits.software, 'the rule is one of software adapters');
  const random = generator(71);
  const taken: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    const [height, width] = [round % 2 === 0 ? 12 : 14, pick(random, [13, 15, 16])];
    const attributes = {
      ...{ batch: 3, height, width, outHeight: height, outWidth: width, padTop: 1, padLeft: 1 },
      ...{ channels: pick(random, [64, 68]), filters: pick(random, [64, 100]), groups: 1 },
      ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 },
      ...{ dilationHeight: 1, dilationWidth: 1, epilogue: randomEpilogue(random) },
    };
    const variant = conv2dKernel.shader.choose(attributes, device.traits);
    assert.is(conv2dInputGradientKernel.shader.choose(attributes, device.traits), variant);
    taken[variant] = (taken[variant] ?? 0) + 1;
    const winograd = variant === 'winogradRegister8';
    await checkConv2d(device, random, attributes, conv2dKernel, winograd);
    await checkInputGradient(device, random, attributes, conv2dInputGradientKernel, winograd);
  }
  assert.equal(taken, { register8Vec4: ROUNDS / 2, winogradRegister8: ROUNDS / 2 });
});

test.run();
