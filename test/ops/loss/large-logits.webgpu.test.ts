/** Logits far from zero, in WGSL. */
import { test } from 'uvu';
import { testLargeLogits } from './large-logits-suite.js';
import { webgpuDevice } from '../support.js';

testLargeLogits('WebGPU', webgpuDevice);

test.run();
