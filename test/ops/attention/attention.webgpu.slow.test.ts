/** Attention on WebGPU, with wide heads and over long sequences. */
import { test } from 'uvu';
import { webgpuDevice } from '../support.js';
import { LONG, testAttention, WIDE } from './attention-suite.js';

testAttention('WebGPU', [...WIDE, ...LONG], 1e-5, webgpuDevice);

test.run();
