/**
 * Fusion rules: what a matrix product, a convolution or a batch norm can do to its result before storing it. Each
 * rule turns a launch and its only reader into one launch; program/fuse.ts applies them. A frozen batch norm, a
 * residual and a ReLU behind a convolution become its epilogue this way; in training the residual and the ReLU
 * join the batch norm, and the ReLU's mask joins its gradient.
 */
import type { FusionRule } from '../program/fuse.js';
import type { Launch, Storage } from '../program/storage.js';
import type { Activation, Epilogue } from './core/epilogue.js';
import type { BinaryAttributes } from './pointwise/pointwise.js';

/** Kernels that end with an epilogue over a sum. */
const PRODUCTS = ['conv2d', 'matmul'];
/** All kernels with an epilogue: a batch norm that could not become one still takes a residual and an activation. */
const WITH_EPILOGUE = [...PRODUCTS, 'scaleShift'];

/** Channels of a product: elements of its output's last axis. */
function channelsOf({ kernel, attributes }: Launch): number {
  return kernel.name === 'matmul' ? attributes.n : attributes.filters;
}

/** The launch with more in its epilogue, and other storage for the operands of these names. */
function extend(
  first: Launch,
  epilogue: Partial<Epilogue>,
  operands: Readonly<Record<string, Storage | null | undefined>>,
): Launch {
  const { kernel, attributes } = first;
  return {
    kernel,
    attributes: { ...attributes, epilogue: { ...attributes.epilogue, ...epilogue } },
    operands: first.operands.map((operand, i) => operands[kernel.bindings[i].name] ?? operand),
  };
}

/** The output of a launch is its last operand; `extend` knows it by name. */
function outputTo(first: Launch, second: Launch): Readonly<Record<string, Storage | null | undefined>> {
  return { [first.kernel.bindings[first.kernel.bindings.length - 1].name]: second.operands.at(-1) };
}

const scaleShift: FusionRule = {
  name: 'scale and shift as epilogue',
  first: PRODUCTS,
  second: 'scaleShift',
  merge(first, second, operand) {
    const { scale, shift, residual, activation }: Epilogue = first.attributes.epilogue;
    if (operand !== 0 || scale || shift || residual || activation !== 'none') return null;
    // A reshape between the two may have moved the channels.
    if (second.attributes.channels !== channelsOf(first)) return null;
    const [, scales, shifts] = second.operands;
    return extend(
      first,
      { scale: true, shift: true },
      { scale: scales, shift: shifts, ...outputTo(first, second) },
    );
  },
};

const bias: FusionRule = {
  name: 'bias as epilogue',
  first: PRODUCTS,
  second: 'add',
  merge(first, second, operand) {
    const { shift, residual, activation }: Epilogue = first.attributes.epilogue;
    const other = second.operands[1 - operand];
    const attributes: BinaryAttributes = second.attributes;
    // A bias has one element per channel and is repeated along everything before the last axis; the sum itself
    // is not repeated.
    const strides = operand === 0 ? attributes.stridesB : attributes.stridesA;
    const isBias =
      other?.length === channelsOf(first) &&
      strides.every((stride, d) => stride === (d === strides.length - 1 ? 1 : 0)) &&
      first.operands.at(-1)?.length === attributes.count;
    if (attributes.same || !isBias || shift || residual || activation !== 'none') return null;
    return extend(first, { shift: true }, { shift: other, ...outputTo(first, second) });
  },
};

const residual: FusionRule = {
  name: 'residual as epilogue',
  first: WITH_EPILOGUE,
  second: 'add',
  merge(first, second, operand) {
    const epilogue: Epilogue = first.attributes.epilogue;
    if (!second.attributes.same || epilogue.residual || epilogue.activation !== 'none') return null;
    return extend(
      first,
      { residual: true },
      { residual: second.operands[1 - operand], ...outputTo(first, second) },
    );
  },
};

function activation(kind: Activation): FusionRule {
  return {
    name: `${kind} as epilogue`,
    first: WITH_EPILOGUE,
    second: kind,
    merge(first, second) {
      if (first.attributes.epilogue.activation !== 'none') return null;
      return extend(first, { activation: kind }, outputTo(first, second));
    },
  };
}

/** The mask of a ReLU behind a batch norm, applied by the two launches of the batch norm's gradient that need it. */
function reluMask(second: string): FusionRule {
  return {
    name: `ReLU mask in ${second}`,
    everywhere: true,
    first: ['reluGradient'],
    second,
    merge(first, { kernel, attributes, operands }, operand) {
      if (kernel.bindings[operand].name !== 'dy' || attributes.masked) return null;
      const [relu, dy] = first.operands;
      const replaced: Readonly<Record<string, Storage | null>> = { dy, relu };
      return {
        kernel,
        attributes: { ...attributes, masked: true },
        operands: operands.map((old, i) => replaced[kernel.bindings[i].name] ?? old),
      };
    },
  };
}

export const FUSIONS: readonly FusionRule[] = [
  reluMask('batchNormGradientSums'),
  reluMask('batchNormGradientApply'),
  scaleShift,
  bias,
  residual,
  activation('relu'),
  activation('relu6'),
];
