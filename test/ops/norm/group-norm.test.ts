/** groupNorm on the processor. */
import { test } from 'uvu';
import { cpuDevice } from '../support.js';
import { testGroupNorm } from './group-norm-suite.js';

// PyTorch's values have ten digits.
testGroupNorm('CPU float64', 1e-9, () => cpuDevice('float64'));
testGroupNorm('CPU float32', 3e-6, () => cpuDevice('float32'));

test.run();
