/**
 * Fusion rules: what a matrix product or convolution can do to its sum before storing it. Each rule turns a
 * launch and its only reader into one launch; program/fuse.ts applies them. A frozen batch norm, a residual and
 * a ReLU behind a convolution become its epilogue this way.
 */
import type { FusionRule } from '../program/fuse.js';
import type { Launch, Storage } from '../program/storage.js';
import type { Activation, Epilogue } from './epilogue.js';
import type { BinaryAttributes } from './pointwise.js';

/** Kernels with an epilogue: two factors, then scale, shift, residual, output. */
const WITH_EPILOGUE = ['conv2d', 'matmul'];
const SCALE = 2;
const SHIFT = 3;
const RESIDUAL = 4;
const OUT = 5;

/** Channels of a launch with an epilogue: elements of its output's last axis. */
function channelsOf({ kernel, attributes }: Launch): number {
  return kernel.name === 'matmul' ? attributes.n : attributes.filters;
}

function extend(first: Launch, epilogue: Partial<Epilogue>, operands: Readonly<Record<number, Storage | null>>): Launch {
  return {
    kernel: first.kernel,
    attributes: { ...first.attributes, epilogue: { ...first.attributes.epilogue, ...epilogue } },
    operands: first.operands.map((operand, i) => (i in operands ? operands[i] : operand)),
  };
}

const scaleShift: FusionRule = {
  name: 'scale and shift as epilogue',
  first: WITH_EPILOGUE,
  second: 'scaleShift',
  merge(first, second, operand) {
    const { scale, shift, residual, activation }: Epilogue = first.attributes.epilogue;
    if (operand !== 0 || scale || shift || residual || activation !== 'none') return null;
    // A reshape between the two may have moved the channels.
    if (second.attributes.channels !== channelsOf(first)) return null;
    const [, scales, shifts, out] = second.operands;
    return extend(first, { scale: true, shift: true }, { [SCALE]: scales, [SHIFT]: shifts, [OUT]: out });
  },
};

const bias: FusionRule = {
  name: 'bias as epilogue',
  first: WITH_EPILOGUE,
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
      first.operands[OUT]?.length === attributes.count;
    if (attributes.same || !isBias || shift || residual || activation !== 'none') return null;
    return extend(first, { shift: true }, { [SHIFT]: other, [OUT]: second.operands[2] });
  },
};

const residual: FusionRule = {
  name: 'residual as epilogue',
  first: WITH_EPILOGUE,
  second: 'add',
  merge(first, second, operand) {
    const epilogue: Epilogue = first.attributes.epilogue;
    if (!second.attributes.same || epilogue.residual || epilogue.activation !== 'none') return null;
    return extend(first, { residual: true }, { [RESIDUAL]: second.operands[1 - operand], [OUT]: second.operands[2] });
  },
};

function activation(kind: Activation): FusionRule {
  return {
    name: `${kind} as epilogue`,
    first: WITH_EPILOGUE,
    second: kind,
    merge(first, second) {
      if (first.attributes.epilogue.activation !== 'none') return null;
      return extend(first, { activation: kind }, { [OUT]: second.operands[1] });
    },
  };
}

export const FUSIONS: readonly FusionRule[] = [scaleShift, bias, residual, activation('relu'), activation('relu6')];
