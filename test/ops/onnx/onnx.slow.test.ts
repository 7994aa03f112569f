/** ONNX's cases on the CPU. Needs npm run setup:onnx. */
import { test } from 'uvu';
import { cpuDevice } from '../support.js';
import { testOnnx } from './onnx-suite.js';

testOnnx('CPU float64', () => cpuDevice('float64'));
testOnnx('CPU float32', () => cpuDevice('float32'));

test.run();
