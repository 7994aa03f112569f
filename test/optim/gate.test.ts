/** The finite gate on the CPU. */
import { test } from 'uvu';
import { cpuDevice } from '../ops/support.js';
import { testGate } from './gate-suite.js';

testGate('CPU float64', () => cpuDevice('float64'));
testGate('CPU float32', () => cpuDevice('float32'));

test.run();
