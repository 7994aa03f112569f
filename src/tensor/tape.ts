/**
 * The tape: how a tensor came to be. Nodes only; walking them is ops/backward.ts.
 *
 * Every operation leaves a node, whoever may need it: nodes hold no memory of the device, and what no gradient
 * asks for is never computed.
 */
import type { Shape } from './shape.js';
import type { Tensor } from './tensor.js';

export interface Node {
  // biome-ignore lint/suspicious/noExplicitAny: the operation narrows its own attributes.
  readonly operation: Operation<any>;
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  readonly attributes: any;
  readonly inputs: readonly Tensor[];
}

/** What a gradient function is given. */
export interface GradientCall<A> {
  readonly attributes: A;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** Gradient of the loss with respect to `output`, of its shape. */
  readonly gradient: Tensor;
  /** Whether the gradient of input i is wanted; the others may be null. */
  readonly wanted: readonly boolean[];
}

/** Why an operation has no gradient. */
export interface NotDifferentiable {
  readonly notDifferentiable: string;
}

export type Gradient<A> = (call: GradientCall<A>) => readonly (Tensor | null)[];

/** One operation of the engine: the table ops/operations.ts lists them all. */
export interface Operation<A> {
  readonly name: string;
  /** The output's shape. Throws AttuneError 'shape' when the inputs do not fit. */
  shape(attributes: A, inputs: readonly Tensor[]): Shape;
  /** Records the launches and returns their result, which has `shape`. */
  forward(attributes: A, inputs: readonly Tensor[], shape: Shape): Tensor;
  readonly gradient: Gradient<A> | NotDifferentiable;
}
