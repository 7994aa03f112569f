/** Attention on WebGPU, over long sequences. */
import { test } from 'uvu';
import { webgpuDevice } from '../support.js';
import { LONG, testAttention } from './attention-suite.js';

testAttention('WebGPU', LONG, 1e-5, webgpuDevice);

test.run();
