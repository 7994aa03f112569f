/** Operations at their edges, in WGSL. */
import { test } from 'uvu';
import { testEdges } from './edges-suite.js';
import { webgpuDevice } from './support.js';

testEdges('WebGPU', webgpuDevice);

test.run();
