/** Sharpness-aware minimisation on the CPU. */
import { test } from 'uvu';
import { cpuDevice } from '../ops/support.js';
import { testSharpness } from './sharpness-suite.js';

testSharpness('CPU float64', () => cpuDevice('float64'), 2);
testSharpness('CPU float32', () => cpuDevice('float32'), 1);

test.run();
