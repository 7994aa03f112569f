/**
 * Reverse-mode differentiation: walk the tape from the loss to what is asked for.
 *
 * Only nodes on a path from the loss to a wanted tensor are visited, so nothing is computed below the lowest
 * trainable layer. A tensor that is used several times gets the sum of its gradients, added in the order in
 * which the walk meets them.
 */
import { AttuneError } from '../errors.js';
import type { State } from '../program/state.js';
import { sameShape, shapeError, showShape } from '../tensor/shape.js';
import type { Node } from '../tensor/tape.js';
import { asTensor, Tensor, type TensorLike } from '../tensor/tensor.js';
import { accumulate } from './update/accumulate.js';
import { add } from './pointwise/add.js';
import { full } from './core/constant.js';
import { divide } from './pointwise/divide.js';

/**
 * Adds the gradient of `loss` (rank 0) with respect to every trainable parameter that it depends on into the
 * gradient arena. Throws when there is none, or when an operation on the way has no gradient.
 *
 * With `scale`, a tensor of rank 0, the way down goes from scale * loss, and what arrives is divided by it: the same
 * gradients, from activations' gradients that float16 can hold (loss-scale.ts).
 */
export function backward(loss: Tensor, scale?: Tensor): void {
  const walked = walk(loss, (tensor) => tensor.parameter?.gradient != null, scale);
  if (walked.size === 0) {
    throw new AttuneError({
      code: 'program',
      what: 'the loss does not depend on any trainable parameter',
      where: 'backward',
      hint: 'move the model to the device and leave some of it trainable',
    });
  }
  for (const [{ parameter }, gradient] of walked) {
    const unscaled = scale === undefined ? gradient : divide(gradient, scale);
    accumulate(parameter?.gradient as State, unscaled);
  }
}

/**
 * The gradients of `loss` (rank 0) with respect to tensors, in their order; throws for one it does not depend on.
 * They have no gradients of their own: asking for one throws.
 */
export function gradients(loss: Tensor, wanted: readonly TensorLike[]): Tensor[] {
  const tensors = wanted.map(asTensor);
  const targets = new Set(tensors);
  const walked = walk(loss, (tensor) => targets.has(tensor));
  return tensors.map((tensor, i) => {
    const gradient = walked.get(tensor);
    if (gradient !== undefined)
      return new Tensor(gradient.recording, gradient.storage, tensor.shape, gradientOf(loss));
    throw new AttuneError({
      code: 'program',
      what: `the loss does not depend on tensor ${i} of shape ${showShape(tensor.shape)}`,
      where: 'gradients',
    });
  });
}

/** A node through which no gradient passes: a second derivative would miss what gradient kernels leave untaped. */
function gradientOf(loss: Tensor): Node {
  const refuse = (): never => {
    throw new AttuneError({
      code: 'internal',
      what: 'a gradient is computed by walking the tape',
      where: 'gradients',
    });
  };
  const gradient = { notDifferentiable: 'second derivatives are not implemented' };
  return {
    operation: { name: 'gradients', shape: refuse, forward: refuse, gradient },
    attributes: null,
    inputs: [loss],
  };
}

/** Gradients of the wanted tensors that the loss depends on, in a fixed order. */
function walk(
  loss: Tensor,
  isWanted: (tensor: Tensor) => boolean,
  start: Tensor = full([], 1),
): Map<Tensor, Tensor> {
  if (loss.shape.length !== 0) {
    throw shapeError(
      'backward',
      `a loss has shape ${showShape(loss.shape)}; a single number is expected`,
      'take mean or sum first',
    );
  }
  // Conditions, indices and labels lead nowhere, unless nothing else does: then their operation says why.
  const smooth = pathsTo(loss, isWanted, ({ dtype }) => dtype !== 'int32');
  const order = smooth.length > 0 ? smooth : pathsTo(loss, isWanted, () => true);
  const found = new Map<Tensor, Tensor>();
  const pending = new Map<Tensor, Tensor>([[loss, start]]);
  const onPath = new Set(order);
  for (let i = order.length - 1; i >= 0; i--) {
    const tensor = order[i];
    const gradient = pending.get(tensor) as Tensor;
    pending.delete(tensor);
    if (isWanted(tensor)) found.set(tensor, gradient);
    const node = tensor.node;
    if (node === null) continue;
    const wanted = node.inputs.map((input) => onPath.has(input));
    if (!wanted.includes(true)) continue;
    propagate(node, tensor, gradient, wanted, pending);
  }
  return found;
}

/** Calls the node's gradient and adds the results to what is pending for its inputs. */
function propagate(
  node: Node,
  output: Tensor,
  gradient: Tensor,
  wanted: readonly boolean[],
  pending: Map<Tensor, Tensor>,
): void {
  const { operation, attributes, inputs } = node;
  if (typeof operation.gradient !== 'function') {
    throw new AttuneError({
      code: 'program',
      what: `a gradient was asked for through ${operation.name}: ${operation.gradient.notDifferentiable}`,
      where: operation.name,
      hint: 'freeze what lies below it, or leave it out of the loss',
    });
  }
  const results = operation.gradient({ attributes, inputs, output, gradient, wanted });
  inputs.forEach((input, i) => {
    const result = results[i];
    if (!wanted[i]) return;
    if (result === null) {
      throw new AttuneError({
        code: 'program',
        what: `${operation.name} has no gradient with respect to its input ${i}`,
        where: operation.name,
        hint: 'freeze what lies below it, or leave it out of the loss',
      });
    }
    if (!sameShape(result.shape, input.shape)) {
      throw new AttuneError({
        code: 'internal',
        what: `operation ${operation.name} gave no gradient of shape ${showShape(input.shape)} for input ${i}`,
      });
    }
    const other = pending.get(input);
    pending.set(input, other === undefined ? result : add(other, result));
  });
}

/** Tensors on a path of those that `carries` lets pass, from the loss to a wanted one, each after those it was computed from. */
function pathsTo(
  loss: Tensor,
  isWanted: (tensor: Tensor) => boolean,
  carries: (tensor: Tensor) => boolean,
): Tensor[] {
  const order: Tensor[] = [];
  const leads = new Map<Tensor, boolean>();
  // An explicit stack: networks are deeper than the call stack may be.
  const stack: { tensor: Tensor; next: number }[] = [{ tensor: loss, next: 0 }];
  while (stack.length > 0) {
    const top = stack[stack.length - 1];
    const inputs = top.tensor.node?.inputs ?? [];
    if (top.next < inputs.length) {
      const input = inputs[top.next++];
      if (!leads.has(input) && carries(input)) {
        leads.set(input, false);
        stack.push({ tensor: input, next: 0 });
      }
      continue;
    }
    stack.pop();
    const leading = isWanted(top.tensor) || inputs.some((input) => leads.get(input) === true);
    leads.set(top.tensor, leading);
    if (leading) order.push(top.tensor);
  }
  return order;
}
