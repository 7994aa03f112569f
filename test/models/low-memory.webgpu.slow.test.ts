import { test } from 'uvu';
import { webgpuDevice } from '../ops/support.js';
import { testLowMemory } from './low-memory-suite.js';

testLowMemory('WebGPU', webgpuDevice);

test.run();
