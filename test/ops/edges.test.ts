/** Operations at their edges, on the CPU. */
import { test } from 'uvu';
import { testEdges } from './edges-suite.js';
import { cpuDevice } from './support.js';

testEdges('CPU float64', () => cpuDevice('float64'));
testEdges('CPU float32', () => cpuDevice('float32'));

test.run();
