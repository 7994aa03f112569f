/** Every kernel's WGSL against float64; grids beyond one dimension; empty tensors; numbers that are none. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { MAX_WORKGROUPS, POINTWISE_WORKGROUP } from '#src/device/grid';
import { kernels } from '#src/ops/kernels';
import { chosen, launch, testKernels } from './kernel-suite.js';
import { webgpuDevice } from './support.js';

testKernels('WebGPU', webgpuDevice);

test('a flat grid of more workgroups than one dimension takes', async () => {
  const { backend } = await webgpuDevice();
  const count = (MAX_WORKGROUPS + 1) * POINTWISE_WORKGROUP + 5;
  const x = Float32Array.from({ length: count }, (_, i) => i % 1021);
  const operands = [
    { dtype: 'float32', values: x },
    { dtype: 'float32', values: new Float32Array(count) },
  ] as const;
  const [, y] = await launch(backend, kernels.negate, { attributes: { count }, operands });
  assert.is(
    y.findIndex((value, i) => value !== -x[i]),
    -1,
  );
});

test('a workgroup for each of more results than one dimension takes', async () => {
  const { backend } = await webgpuDevice();
  const [outer, length] = [MAX_WORKGROUPS + 10, 3];
  const x = Float32Array.from({ length: outer * length }, (_, i) => i % 7);
  const operands = [
    { dtype: 'float32', values: x },
    { dtype: 'float32', values: new Float32Array(outer) },
  ] as const;
  const attributes = { reduction: 'sum', outer, length, inner: 1 };
  const [, y] = await launch(backend, chosen(kernels.reduce, 'workgroup'), { attributes, operands });
  assert.is(
    y.findIndex((value, i) => value !== x[3 * i] + x[3 * i + 1] + x[3 * i + 2]),
    -1,
  );
});

test.run();
