/** groupNorm on WebGPU. */
import { test } from 'uvu';
import { webgpuDevice } from '../support.js';
import { testGroupNorm } from './group-norm-suite.js';

testGroupNorm('WebGPU', 3e-6, webgpuDevice);

test.run();
