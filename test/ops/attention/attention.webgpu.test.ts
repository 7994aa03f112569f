/** Attention on WebGPU. */
import { test } from 'uvu';
import { webgpuDevice } from '../support.js';
import { SHORT, testAttention } from './attention-suite.js';

testAttention('WebGPU', SHORT, 1e-5, webgpuDevice);

test.run();
