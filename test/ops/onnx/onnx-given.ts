/** What a call of the table (onnx-calls.ts) asks of its case: tensors of the running program, numbers of the host, attributes. */
import { cast } from '#src/ops/pointwise/cast';
import { sizeOf } from '#src/tensor/shape';
import { type Tensor, tensor } from '#src/tensor/tensor';
import { NotOffered, type OnnxArray, type OnnxNode } from './onnx-case.js';

export class Given {
  private readonly node: OnnxNode;
  private readonly arrays: readonly (OnnxArray | null)[];
  /** The tensor attribute `value`, which is read before. */
  readonly value: OnnxArray | null;

  /** @param arrays one for each input of the node; null where it is left out */
  constructor(node: OnnxNode, arrays: readonly (OnnxArray | null)[], value: OnnxArray | null) {
    this.node = node;
    this.arrays = arrays;
    this.value = value;
  }

  /** How many inputs there are. */
  get count(): number {
    return this.arrays.length;
  }

  /** How many tensors come out. */
  get outputs(): number {
    return this.node.outputs;
  }

  has(i: number): boolean {
    return (this.arrays[i] ?? null) !== null;
  }

  /** Input `i` as it is on the host. */
  array(i: number): OnnxArray {
    const array = this.arrays[i];
    if (array == null) throw new Error(`${this.node.operator} has no input ${i}`);
    return array;
  }

  shape(i: number): readonly number[] {
    return this.array(i).shape;
  }

  /** Input `i` as a float32 tensor, to which the device rounds double precision unless it has that itself. */
  real(i: number): Tensor {
    const { dtype, shape, values } = this.array(i);
    if (dtype !== 'F32' && dtype !== 'F64') throw new NotOffered(dtype);
    return tensor(values, offered(shape), 'float32');
  }

  /** All inputs as float32 tensors. */
  reals(): Tensor[] {
    return this.arrays.map((_, i) => this.real(i));
  }

  /** Input `i` as a float32 tensor, whole numbers as well. */
  number(i: number): Tensor {
    const { dtype, shape, values } = this.array(i);
    if (dtype === 'I32' || dtype === 'I64') return cast(this.indices(i));
    if (dtype === 'U32') return cast(tensor(Uint32Array.from(values), offered(shape)));
    return this.real(i);
  }

  /** Input `i` as whole numbers on the host: a shape, axes. */
  whole(i: number): readonly number[] {
    const { dtype, values } = this.array(i);
    if (dtype !== 'I64' && dtype !== 'I32') throw new NotOffered(dtype);
    return values;
  }

  /** Input `i` as an int32 tensor. */
  indices(i: number): Tensor {
    return tensor(Int32Array.from(this.whole(i)), offered(this.shape(i)));
  }

  /** Input `i` of truths as an int32 tensor: 1 or 0. */
  mask(i: number): Tensor {
    const { dtype, shape, values } = this.array(i);
    if (dtype !== 'BOOL') throw new NotOffered(dtype);
    return tensor(Int32Array.from(values), offered(shape));
  }

  integer(name: string, otherwise: number): number {
    return this.node.attributes.get(name)?.integer ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.node.attributes.get(name)?.float ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    return this.node.attributes.get(name)?.text ?? otherwise;
  }

  integers(name: string): readonly number[] | undefined {
    return this.node.attributes.get(name)?.integers;
  }
}

/** A shape that tensors may have. */
export function offered(shape: readonly number[]): readonly number[] {
  if (shape.length > 6) throw new NotOffered(`rank ${shape.length}`);
  return shape;
}

/** A shape whose axis may count from the end, cut there: how many elements are before it, and from it on. */
export function cut(shape: readonly number[], axis: number): readonly [before: number, from: number] {
  const at = axis < 0 ? axis + shape.length : axis;
  return [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at))];
}
