/** WGSL variants of a convolution's two gradients: the large tiles. */
import { test } from 'uvu';
import { gradientTests } from './conv2d-gradient-suite.js';

await gradientTests('slow');

test.run();
