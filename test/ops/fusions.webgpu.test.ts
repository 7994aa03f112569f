/** The fusion rules in WGSL. */
import { test } from 'uvu';
import { testFusions } from './fusions-suite.js';
import { webgpuDevice } from './support.js';

testFusions('WebGPU', webgpuDevice);

test.run();
