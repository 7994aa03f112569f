/** The optimisers' WGSL against PyTorch. */
import { test } from 'uvu';
import { webgpuDevice } from '../ops/support.js';
import { testOptimizers } from './golden-suite.js';

testOptimizers('WebGPU', webgpuDevice);

test.run();
