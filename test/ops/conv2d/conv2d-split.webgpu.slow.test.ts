/** WGSL variants of the convolution and its input gradient whose sums are split. */
import { test } from 'uvu';
import { gradientTests } from './conv2d-gradient-suite.js';
import { conv2dTests } from './conv2d-kernel-suite.js';

await conv2dTests('split');
await gradientTests('split');

test.run();
