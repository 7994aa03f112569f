/** Losses in WGSL. */
import { test } from 'uvu';
import { webgpuDevice } from '../support.js';
import { testLosses } from './losses-suite.js';

testLosses('WebGPU', webgpuDevice);

test.run();
