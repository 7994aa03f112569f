/** The optimisers against PyTorch on the CPU. */
import { test } from 'uvu';
import { cpuDevice } from '../ops/support.js';
import { testOptimizers } from './golden-suite.js';

testOptimizers('CPU float64', () => cpuDevice('float64'));
testOptimizers('CPU float32', () => cpuDevice('float32'));

test.run();
