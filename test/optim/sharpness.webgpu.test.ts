/** Sharpness-aware minimisation in WGSL. */
import { test } from 'uvu';
import { webgpuDevice } from '../ops/support.js';
import { testSharpness } from './sharpness-suite.js';

testSharpness('WebGPU', webgpuDevice, 2);

test.run();
