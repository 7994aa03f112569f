/** Operations, kernels and optimisers in WGSL on a second implementation: see runner/swiftshader.mjs. */
import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const FILES = [
  'device/webgpu-faults.webgpu',
  'ops/edges.webgpu',
  'ops/golden.webgpu',
  'ops/kernels.webgpu',
  'ops/product/matmul-kernel.webgpu',
  'ops/pool/pool-kernels.webgpu',
  'ops/pool/max-pool-gradient.webgpu',
  'optim/gate.webgpu',
  'optim/golden.webgpu',
];

test('shaders compute the same on SwiftShader', () => {
  const program = ['test/runner/swiftshader.mjs', ...FILES];
  const { stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8' });
  assert.match(stdout, /WGSL tests run on .*SwiftShader/, stderr);
  const passed = Number(/(\d+) passed, 0 failed$/.exec(stdout.trim())?.[1] ?? 0);
  console.log(`# ${passed} tests`);
  assert.ok(passed > 150, stdout);
});

test.run();
