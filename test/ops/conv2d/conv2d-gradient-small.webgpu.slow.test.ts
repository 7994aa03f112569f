/** WGSL variants of a convolution's two gradients: all but the large tiles. */
import { test } from 'uvu';
import { gradientTests } from './conv2d-gradient-suite.js';

await gradientTests('quick');

test.run();
