/** Both WGSL variants of maximum pooling's gradient against the plain loops. */
import { maxPool2dGradientKernel } from '#src/ops/pool/max-pool-gradient-kernel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, pick } from '../../device/cpu-harness.js';
import { sharedWebGPU } from '../../device/shared-webgpu.js';
import { checkMaxPoolGradient, SPECIAL_GRADIENT, specialGradient } from './max-pool-gradient-cases.js';

const ROUNDS = 20;
const CHANNELS = { vec4: [4, 8, 12, 68], scalar: [1, 3, 5, 63] };
const counts: Record<string, number> = {};

for (const [variant, channels] of Object.entries(CHANNELS)) {
  test(`${variant}: ${ROUNDS} random images agree, ties, NaN and infinity included`, async () => {
    const device = await sharedWebGPU();
    assert.is(
      maxPool2dGradientKernel.shader.choose({ channels: channels[0] } as never, {} as never),
      variant,
    );
    const random = generator(34);
    for (let round = 0; round < ROUNDS; round++) {
      await checkMaxPoolGradient(device, random, pick(random, channels));
      counts[variant] = (counts[variant] ?? 0) + 1;
    }
    assert.equal(await specialGradient(device, channels[0]!), SPECIAL_GRADIENT);
  });
}

test('every variant was hit', () => {
  console.log(
    `# maxPool2dGradient: ${Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  );
  for (const variant of Object.keys(maxPool2dGradientKernel.shader.variants))
    assert.is(counts[variant], ROUNDS);
});

test.run();
