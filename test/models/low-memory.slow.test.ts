import { test } from 'uvu';
import { cpuDevice } from '../ops/support.js';
import { testLowMemory } from './low-memory-suite.js';

testLowMemory('CPU', () => cpuDevice('float32'));

test.run();
