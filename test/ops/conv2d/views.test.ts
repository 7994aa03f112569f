/** Operations that are made of others, such as convolutions of sequences, on the CPU, in float64 and in float32. */
import { test } from 'uvu';
import { cpuDevice } from '../support.js';
import { testViews } from './views-suite.js';

testViews('CPU float64', () => cpuDevice('float64'));
testViews('CPU float32', () => cpuDevice('float32'));

test.run();
