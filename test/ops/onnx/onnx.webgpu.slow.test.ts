/** ONNX's cases in WGSL. Needs npm run setup:onnx. */
import { test } from 'uvu';
import { webgpuDevice } from '../support.js';
import { testOnnx } from './onnx-suite.js';

testOnnx('WebGPU', webgpuDevice);

test.run();
