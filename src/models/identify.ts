/**
 * What a weights file is for: the network, whether its trunk is all there, and whether its head is one that the network
 * has. Networks that were trained further often end in layers of their own, whose trunk is as good as any.
 */
import { permuteShape } from '../nn/permute.js';
import { stripPrefixes } from '../nn/state-dict.js';
import type { Network } from './network.js';
import { type Architecture, detectArchitecture, type TensorShape } from './detect.js';
import { familyOf } from './families.js';
import type { ModelOptions, Shapes } from './family.js';
import { findModel } from './registry.js';

/** A network, and what a file holds of it. */
export interface Identity extends Architecture {
  /** Outputs of the head; null where the file holds none that the network has. */
  readonly classes: number | null;
  /** Whether all else that the network needs is there, in its shape. */
  readonly hasTrunk: boolean;
  /** Whether tensors are no part of it, and of no head either: the file is of a network with more in its trunk. */
  readonly hasMore: boolean;
  /** Layers of another head, by the file's names, which have no place in the network. */
  readonly otherHead: readonly string[];
}

/** What the tensors of a file are for, by the model's names (`modelTensors`); null for no network that is known. */
export function identify(tensors: readonly TensorShape[]): Identity | null {
  const found = detectArchitecture(tensors);
  if (found === null || !found.supported) return found && { ...found, ...UNKNOWN };
  const model = findModel(found.name).create({ classes: found.classes ?? 1, ...found.options });
  const { hasTrunk, rest, hasHead } = compare(model, tensors);
  const isOther = hasTrunk && !hasHead && isHead(rest, model.head.inputs);
  const otherHead = isOther ? [...new Set(rest.map(({ name }) => layerOf(name)))] : [];
  const hasMore = !isOther && !hasHead && rest.length > 0;
  return { ...found, classes: isOther ? null : found.classes, hasTrunk, hasMore, otherHead };
}

/**
 * What a network of this kind was made with, but for its classes, where its arrays have these shapes in this engine's
 * layout; a shape that is not given is the network's own.
 */
export function optionsOfArrays(model: Network, shapes: Shapes): ModelOptions {
  const inTorch = Array.from(model.namedArrays(), ({ name, array, owner, field }) => {
    const axes = owner.torchAxes(field) ?? array.shape.map((_, d) => d);
    return [name, permuteShape(shapes.get(name) ?? array.shape, axes)] as const;
  });
  return familyOf(model.architecture)?.optionsOf?.(new Map(inTorch)) ?? {};
}

const UNKNOWN = { hasTrunk: false, hasMore: false, otherHead: [] };

interface Comparison {
  readonly hasTrunk: boolean;
  readonly hasHead: boolean;
  /** Tensors of the file that are none of the trunk's. */
  readonly rest: readonly TensorShape[];
}

function compare(model: Network, tensors: readonly TensorShape[]): Comparison {
  const isOfHead = (name: string) => name.startsWith(`${model.headName}.`);
  const named = tensors
    .map(({ name, shape }) => ({ name: stripPrefixes(name), shape }))
    .filter(({ name }) => !/(?:^|\.)num_batches_tracked$/.test(name));
  const shapes = new Map(named.map(({ name, shape }) => [name, String(shape)]));
  const wanted = Array.from(model.namedArrays(), ({ name, array, owner, field }) => {
    const axes = owner.torchAxes(field) ?? array.shape.map((_, d) => d);
    return { name, shape: String(permuteShape(array.shape, axes)) };
  });
  const holds = ({ name, shape }: { name: string; shape: string }) => shapes.get(name) === shape;
  const trunk = new Set(wanted.map(({ name }) => name).filter((name) => !isOfHead(name)));
  const rest = named.filter(({ name }) => !trunk.has(name));
  // A head of stored images has arrays of its own (nn/nearest-neighbors.ts).
  const isStored = shapes.has(`${model.headName}.labels`);
  const isWhole = isStored || wanted.filter(({ name }) => isOfHead(name)).every(holds);
  return {
    hasTrunk: wanted.filter(({ name }) => trunk.has(name)).every(holds),
    hasHead: isWhole && rest.every(({ name }) => isOfHead(name)),
    rest,
  };
}

/**
 * Whether these tensors can be the last layers of a network that gives `features`, and no parts of its trunk: linear layers,
 * the first of which takes the features, pooled or place by place, and each other what one before it gives.
 */
function isHead(tensors: readonly TensorShape[], features: number): boolean {
  const matrices = tensors.flatMap(({ shape }) => (shape.length === 2 ? [shape] : []));
  if (matrices.length === 0 || tensors.some(({ shape }) => shape.length > 2)) return false;
  const byInputs = new Map<number, number[]>();
  for (const [outputs, inputs] of matrices) {
    const takes = inputs % features === 0 ? features : inputs;
    byInputs.set(takes, [...(byInputs.get(takes) ?? []), outputs]);
  }
  const given = [features];
  for (let width = given.pop(); width !== undefined; width = given.pop()) {
    for (const outputs of byInputs.get(width) ?? []) given.push(outputs);
    byInputs.delete(width);
  }
  return byInputs.size === 0;
}

/** `dense_1` of `dense_1.weight`. */
function layerOf(name: string): string {
  return name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : name;
}
