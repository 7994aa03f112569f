/** Both WGSL variants of each pooling kernel against float64. */
import { globalAveragePoolKernel, maxPool2dKernel } from '#src/ops/pool/pool-kernels';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, pick } from '../../device/cpu-harness.js';
import { sharedWebGPU } from '../../device/shared-webgpu.js';
import { runKernel } from '../kernel-cases.js';
import { checkPools, SPECIAL_MAXIMA, specialMaxima } from './pool-cases.js';

const ROUNDS = 20;
const CHANNELS = { vec4: [4, 8, 12, 68], scalar: [1, 3, 5, 63] };

for (const [variant, channels] of Object.entries(CHANNELS)) {
  test(`${variant}: ${ROUNDS} random images agree with float64, NaN and infinity included`, async () => {
    const device = await sharedWebGPU();
    assert.is(maxPool2dKernel.shader.choose({ channels: channels[0] } as never, {} as never), variant);
    assert.is(
      globalAveragePoolKernel.shader.choose({ channels: channels[0] } as never, {} as never),
      variant,
    );
    const random = generator(13);
    for (let round = 0; round < ROUNDS; round++) await checkPools(device, random, pick(random, channels));
    assert.equal(await specialMaxima(device, channels[0]!), SPECIAL_MAXIMA);
  });
}

test('a grid of more workgroups than one dimension has is folded', async () => {
  const device = await sharedWebGPU();
  const width = 65_536 * 64 + 3;
  const x = Float32Array.from({ length: width }, (_, i) => i % 8191);
  const attributes = {
    ...{ batch: 1, height: 1, width, channels: 1, outHeight: 1, outWidth: width },
    ...{ kernelHeight: 1, kernelWidth: 1, strideHeight: 1, strideWidth: 1, padTop: 0, padLeft: 0 },
  };
  const y = await runKernel(device, maxPool2dKernel, attributes, [x], width);
  assert.is(
    y.findIndex((value, i) => value !== x[i]),
    -1,
  );
});

test.run();
