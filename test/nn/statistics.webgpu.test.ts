/** Running statistics without an optimiser, in WGSL. */
import { test } from 'uvu';
import { webgpuDevice } from '../ops/support.js';
import { testStatistics } from './statistics-suite.js';

testStatistics('WebGPU', webgpuDevice);

test.run();
