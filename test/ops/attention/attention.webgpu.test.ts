/** Attention on WebGPU. */
import { test } from 'uvu';
import { webgpuDevice } from '../support.js';
import { NARROW, testAttention } from './attention-suite.js';

testAttention('WebGPU', NARROW, 1e-5, webgpuDevice);

test.run();
