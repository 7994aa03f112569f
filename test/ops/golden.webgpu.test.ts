/** Every operation's WGSL against PyTorch. */
import { test } from 'uvu';
import { testGolden } from './golden-suite.js';
import { webgpuDevice } from './support.js';

testGolden('WebGPU', webgpuDevice);

test.run();
