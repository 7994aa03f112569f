/** WGSL variants of the convolution: all but the large tiles. */
import { test } from 'uvu';
import { conv2dTests } from './conv2d-kernel-suite.js';

await conv2dTests('quick');

test.run();
