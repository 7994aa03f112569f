/**
 * Every shader whose kernel may keep operands as float16 compiles with them so, those that only other adapters choose
 * included. What it computes then is the business of half.webgpu.slow.test.ts.
 */
import { readFileSync } from 'node:fs';
import type { Kernel } from '#src/device/kernel';
import { shaderText } from '#src/device/webgpu/shader';
import { kernels } from '#src/ops/kernels';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharedWebGPU } from '../device/shared-webgpu.js';
import { halfTest } from './half-test.js';

halfTest('every shader compiles with all of its operands that may be float16 kept so', async () => {
  const { device } = (await sharedWebGPU()) as unknown as { readonly device: GPUDevice };
  const seen = new Set<string>();
  for (const kernel of Object.values<Kernel>(kernels)) {
    const halves = kernel.bindings.flatMap(({ half }, i) => (half ? [i] : []));
    if (halves.length === 0) continue;
    const passes = Object.values(kernel.shader.variants).flatMap((variant) => [
      ...(variant.before ?? []),
      variant,
    ]);
    for (const { file, libraries = [], constants } of passes) {
      const paths = [...libraries.map((name) => `lib/${name}`), file];
      const files = paths.map((path) => ({ path, text: readFileSync(`shaders/${path}`, 'utf8') }));
      const { code } = shaderText('f32', constants, files, halves);
      if (seen.has(code)) continue;
      seen.add(code);
      const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
      const faults = messages.filter(({ type }) => type === 'error').map(({ message }) => message);
      assert.equal(faults, [], `${file} of ${kernel.name}`);
    }
  }
  assert.ok(seen.size > 50, `${seen.size} shaders`);
});

test.run();
