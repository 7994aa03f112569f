/** Attention on the processor, over long sequences. */
import { test } from 'uvu';
import { cpuDevice } from '../support.js';
import { LONG, testAttention } from './attention-suite.js';

testAttention('CPU float64', LONG, 1e-12, () => cpuDevice('float64'));
testAttention('CPU float32', LONG, 1e-5, () => cpuDevice('float32'));

test.run();
