/** The kernel table, and every kernel on the CPU in float32, with SIMD and without, against float64. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { kernels } from '#src/ops/kernels';
import type { Device } from '#src/program/device';
import { testKernels } from './kernel-suite.js';
import { cpuDevice } from './support.js';

test('kernels carry the names under which workers find them', () => {
  for (const [name, kernel] of Object.entries(kernels)) assert.is(kernel.name, name);
});

testKernels('CPU float32', () => cpuDevice('float32'));

let plain: Promise<Device> | undefined;
testKernels('CPU float32 in plain loops', () => (plain ??= open('cpu', { simd: 'off' })));

test.run();
