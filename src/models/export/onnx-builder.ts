/** What an ONNX graph is made of, step by step: operators, and what is stored with them. */
import type { OnnxNode } from '../../formats/onnx/write.js';
import type { TensorToWrite } from '../../formats/index.js';
import { permuteShape, permuteValues } from '../../nn/permute.js';
import type { Weight } from './layers.js';

/** What an operator takes beside the outputs of other layers. */
export interface Operator {
  readonly type: string;
  readonly weights?: readonly string[];
  readonly attributes?: OnnxNode['attributes'];
}

export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly weights = new Map<string, TensorToWrite>();

  /** Appends an operator, whose output has its name. */
  node(name: string, inputs: readonly string[], { type, weights = [], attributes }: Operator): void {
    const operands = [...inputs, ...weights];
    this.nodes.push({ type, name, inputs: operands, outputs: [name], ...(attributes && { attributes }) });
  }

  /** Stores a weight, with its dimensions in PyTorch's order; returns its name. */
  weight({ name, shape, values }: Weight, axes: readonly number[] = shape.map((_, d) => d)): string {
    this.weights.set(name, {
      name,
      dtype: 'F32',
      shape: permuteShape(shape, axes),
      data: () => permuteValues(values, shape, axes) as Float32Array,
    });
    return name;
  }

  /** The name of a bias, where there is one. */
  optional(bias: Weight | null): string[] {
    return bias === null ? [] : [this.weight(bias)];
  }

  /** Stores a number; returns its name. */
  constant(name: string, value: number): string {
    this.weights.set(name, { name, dtype: 'F32', shape: [], data: Float32Array.of(value) });
    return name;
  }

  /** Stores whole numbers, such as a shape; returns their name. */
  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    this.weights.set(name, { name, dtype: 'I64', shape: [values.length], data });
    return name;
  }
}
