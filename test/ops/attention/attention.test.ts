/** Attention on the processor. */
import { test } from 'uvu';
import { cpuDevice } from '../support.js';
import { NARROW, testAttention, WIDE } from './attention-suite.js';

testAttention('CPU float64', [...NARROW, ...WIDE], 1e-12, () => cpuDevice('float64'));
testAttention('CPU float32', [...NARROW, ...WIDE], 1e-5, () => cpuDevice('float32'));

test.run();
