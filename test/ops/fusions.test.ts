/** The fusion rules on the CPU. */
import { test } from 'uvu';
import { testFusions } from './fusions-suite.js';
import { cpuDevice } from './support.js';

testFusions('CPU float64', () => cpuDevice('float64'));
testFusions('CPU float32', () => cpuDevice('float32'));

test.run();
