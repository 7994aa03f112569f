/**
 * The names of weights. A model's own are its fields: torchvision's for torchvision's graphs, Keras's layers for
 * Keras's. Other libraries name the same tensors otherwise, and Keras lays them out otherwise. `modelTensors` brings
 * the tensors of a file to the model's names and to PyTorch's layout, in this one place: what lies behind it
 * (detect.ts, nn/state-dict.ts) knows of no other.
 */
import type { GraphLayer, TensorFile } from '../formats/tensors.js';
import { stripPrefixes, type WeightsEntry } from '../nn/state-dict.js';
import { detectArchitecture } from './detect.js';
import { FAMILIES } from './families.js';
import type { Naming } from './family.js';
import { fromGraph } from './graph-naming.js';
import { fromKeras } from './keras-naming.js';

/** Namings in PyTorch's layout. Files with none of their markers have the model's own names. */
const NAMINGS = FAMILIES.flatMap(({ namings = [] }) => namings);
const IN_KERAS = NAMINGS.filter(({ inKeras }) => inKeras !== undefined);

/**
 * The tensors of a file by the model's names and in PyTorch's layout, whatever library wrote it. A name that no naming
 * has stays as it is.
 */
export function modelTensors({
  layout,
  tensors: stored,
  layers,
}: Pick<TensorFile, 'layout' | 'tensors' | 'layers'>): WeightsEntry[] {
  if (layout === 'keras') return renamed(fromKeras(stored), IN_KERAS);
  const tensors = layers === undefined ? stored : withEpsilons(stored, layers);
  if (layers !== undefined && detectArchitecture(tensors) === null) {
    const named = fromGraph(layers, tensors);
    if (named !== null) return named;
  }
  return renamed(tensors, NAMINGS);
}

/** The tensors by the model's names, if one of these namings is theirs. */
function renamed(tensors: readonly WeightsEntry[], namings: readonly Naming[]): WeightsEntry[] {
  const names = new Set(tensors.map(({ name }) => stripPrefixes(name)));
  const naming = namings.find(({ marker }) => names.has(marker));
  if (naming === undefined) return [...tensors];
  return tensors.map((tensor) => ({ ...tensor, name: toModel(naming, stripPrefixes(tensor.name)) }));
}

/** Where a batch norm of a graph has its variance. */
const VARIANCE = 3;

/** The tensors of a graph, the variances with what its batch norms add to them. */
function withEpsilons(tensors: readonly WeightsEntry[], layers: readonly GraphLayer[]): WeightsEntry[] {
  const epsilons = new Map(layers.map(({ tensors, epsilon }) => [tensors[VARIANCE], epsilon]));
  return tensors.map((tensor) => ({ ...tensor, epsilon: epsilons.get(tensor.name) }));
}

/** A tensor's name in the model; as it is where the naming has none. */
export function toModel(naming: Naming, name: string): string {
  return translate(name, naming.layers);
}

/** The reverse, for files that other libraries read. */
export function fromModel(naming: Naming, name: string): string {
  return translate(
    name,
    naming.layers.map(([theirs, ours]) => [ours, theirs]),
  );
}

/** `{b}` or `{s+1}`. */
const PLACE = /\{(\w)(\+1)?\}/g;

function translate(name: string, rules: readonly (readonly [from: string, to: string])[]): string {
  const dot = name.lastIndexOf('.');
  const layer = name.slice(0, dot);
  for (const [from, to] of rules) {
    const numbers = numbersIn(layer, from);
    if (numbers !== null)
      return to.replace(PLACE, (_, key, plus) => String(numbers[key] + (plus ? 1 : 0))) + name.slice(dot);
  }
  return name;
}

/** The numbers at the places of a rule, or null for a layer that the rule is not for. */
function numbersIn(layer: string, rule: string): Record<string, number> | null {
  const found = new RegExp(`^${rule.replaceAll('.', '\\.').replace(PLACE, '(\\d+)')}$`).exec(layer);
  if (found === null) return null;
  const places = [...rule.matchAll(PLACE)];
  return Object.fromEntries(places.map(([, key, plus], i) => [key, Number(found[i + 1]) - (plus ? 1 : 0)]));
}
