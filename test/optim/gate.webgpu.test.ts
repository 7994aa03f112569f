/** The finite gate in WGSL. */
import { test } from 'uvu';
import { webgpuDevice } from '../ops/support.js';
import { testGate } from './gate-suite.js';

testGate('WebGPU', webgpuDevice);

test.run();
