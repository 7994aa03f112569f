/** WGSL variants of the matrix product: the slow share. */
import { test } from 'uvu';
import { matmulTests } from './matmul-kernel-suite.js';

await matmulTests('slow');
await matmulTests('split');

test.run();
