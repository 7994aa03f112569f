/** What the tables of all kernels and operations take from the list of unary operations. */
import type { Kernel } from '../../device/kernel.js';
import type { Operation } from '../../tensor/tape.js';
import type { FlatAttributes } from '../core/flat.js';
import type { UnaryOperation } from './pointwise.js';
import * as listed from './unary-operations.js';

export type UnaryName = keyof typeof listed;
export type UnaryKernelName = UnaryName | `${UnaryName}Gradient`;

/** By their names; an operation that is listed under another name than its own does not compile. */
export const unaryOperations: { readonly [Name in UnaryName]: UnaryOperation<Name> } = listed;

/** Two kernels of each: `relu` and `reluGradient`. */
export const unaryKernels = Object.fromEntries(
  Object.values(unaryOperations).flatMap(({ forwardKernel, gradientKernel }) => [
    [forwardKernel.name, forwardKernel],
    [gradientKernel.name, gradientKernel],
  ]),
) as Readonly<Record<UnaryKernelName, Kernel<FlatAttributes>>>;

/** What the tape needs of each. */
export const unaryTapeOperations = Object.fromEntries(
  Object.values(unaryOperations).map(({ operation }) => [operation.name, operation]),
) as Readonly<Record<UnaryName, Operation<null>>>;
