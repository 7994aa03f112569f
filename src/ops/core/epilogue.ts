/**
 * What a matrix product or convolution does to its sum before storing it:
 *
 *     y = activation(sum * scale[channel] + shift[channel] + residual)
 *
 * Scale and shift carry a frozen batch norm, or shift alone a bias. Every part is optional; the fusion rules
 * (fusions.ts) fill them in. The operands stand in this order after the two factors, before the output.
 */
import type { Binding } from '../../device/kernel.js';

export type Activation = 'none' | 'relu' | 'relu6';

export interface Epilogue {
  readonly scale: boolean;
  readonly shift: boolean;
  readonly residual: boolean;
  readonly activation: Activation;
}

export const NO_EPILOGUE: Epilogue = { scale: false, shift: false, residual: false, activation: 'none' };

/** scale and shift: [channels]; residual: the output's shape. */
export const EPILOGUE_BINDINGS: readonly Binding[] = [
  { name: 'scale', access: 'read', optional: true },
  { name: 'shift', access: 'read', optional: true },
  { name: 'residual', access: 'read', optional: true, half: true },
];

/** Below shaders/lib/, after what reads the operands. */
export const EPILOGUE_FILES = ['is-nan.wgsl', 'epilogue.wgsl'] as const;

const ACTIVATION_BITS: Readonly<Record<Activation, number>> = { none: 0, relu: 8, relu6: 16 };

/** The epilogue as one word of bits, as shaders/lib/epilogue.wgsl and the SIMD module read it. */
export function epilogueBits(epilogue: Epilogue): number {
  return (
    (epilogue.scale ? 1 : 0) |
    (epilogue.shift ? 2 : 0) |
    (epilogue.residual ? 4 : 0) |
    ACTIVATION_BITS[epilogue.activation]
  );
}
