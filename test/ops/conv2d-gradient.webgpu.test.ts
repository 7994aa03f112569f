/** WGSL variants of a convolution's two gradients: the quick share. */
import { test } from 'uvu';
import { gradientTests } from './conv2d-gradient-suite.js';

gradientTests('quick');

test.run();
