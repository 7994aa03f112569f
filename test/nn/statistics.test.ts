/** Running statistics without an optimiser, on the CPU. */
import { test } from 'uvu';
import { cpuDevice } from '../ops/support.js';
import { testStatistics } from './statistics-suite.js';

testStatistics('CPU float64', () => cpuDevice('float64'));
testStatistics('CPU float32', () => cpuDevice('float32'));

test.run();
