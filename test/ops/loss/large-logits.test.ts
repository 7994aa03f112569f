/** Logits far from zero, on the CPU: in float64, by SIMD, and in plain loops. */
import { test } from 'uvu';
import { open } from '#src/engine/open';
import { testLargeLogits } from './large-logits-suite.js';
import { cpuDevice } from '../support.js';

testLargeLogits('CPU float64', () => cpuDevice('float64'));
testLargeLogits('CPU float32', () => cpuDevice('float32'));
testLargeLogits('CPU float32 in plain loops', () => open('cpu', { simd: 'off' }));

test.run();
