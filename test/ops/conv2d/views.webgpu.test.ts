/** Convolutions of sequences in WGSL. */
import { test } from 'uvu';
import { webgpuDevice } from '../support.js';
import { testViews } from './views-suite.js';

testViews('WebGPU', webgpuDevice);

test.run();
