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
import { JOINS, type JoinName, joinValues } from './joins.js';
import { fromKeras } from './keras-naming.js';
import type { NetworkConstants } from './network.js';

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

/** The constants that networks of the library have whose names the tensors of a file have; none where it is not told. */
export function constantsOfNames({
  layout,
  tensors,
}: Pick<TensorFile, 'layout' | 'tensors'>): NetworkConstants {
  return namingOf(tensors, layout === 'keras' ? IN_KERAS : NAMINGS)?.constants ?? {};
}

function namingOf(tensors: readonly WeightsEntry[], namings: readonly Naming[]): Naming | undefined {
  const names = new Set(tensors.map(({ name }) => stripPrefixes(name)));
  return namings.find(({ marker }) => names.has(marker));
}

/** The tensors by the model's names, if one of these namings is theirs. */
function renamed(tensors: readonly WeightsEntry[], namings: readonly Naming[]): WeightsEntry[] {
  const naming = namingOf(tensors, namings);
  if (naming === undefined) return [...tensors];
  const named = tensors.map((tensor) => ({ ...tensor, name: stripPrefixes(tensor.name) }));
  return joined(named, naming).map((tensor) => ({ ...tensor, name: toModel(naming, tensor.name) }));
}

/** The tensors, those that are one of the model's in the place of the first of them. What is not whole stays as it is. */
function joined(tensors: readonly WeightsEntry[], { joined: rules = [] }: Naming): WeightsEntry[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const joins = new Map<string, WeightsEntry | null>();
  for (const { name } of tensors) {
    for (const [theirs, ours, join = 'rows'] of rules) {
      const numbers = numbersIn(name, theirs[0]);
      if (numbers === null) continue;
      const parts = theirs.flatMap((rule) => byName.get(placed(rule, numbers)) ?? []);
      const isWhole = parts.length === theirs.length && new Set(parts.map(kindOf)).size === 1;
      if (!isWhole) continue;
      for (const part of parts) joins.set(part.name, null);
      joins.set(name, inOne(placed(ours, numbers), join, parts));
    }
  }
  return tensors.flatMap((tensor) => {
    const join = joins.get(tensor.name);
    return join === undefined ? [tensor] : join === null ? [] : [join];
  });
}

/** What has to be the same in tensors that are joined. */
function kindOf({ dtype, shape }: WeightsEntry): string {
  return [dtype, ...shape].join(' ');
}

function inOne(name: string, join: JoinName, parts: readonly WeightsEntry[]): WeightsEntry {
  const [{ dtype, shape }] = parts;
  return {
    name,
    dtype,
    shape: JOINS[join].wholeShape(shape, parts.length),
    async read(precision) {
      const values: (Float32Array | Float64Array)[] = [];
      for (const part of parts) values.push(await part.read(precision));
      return joinValues(join, values, shape);
    },
  };
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

/** The names of the tensors that one of the model's is made of, and how; null where it is one. */
export function partsOf(
  { joined = [] }: Naming,
  name: string,
): { readonly names: readonly string[]; readonly join: JoinName } | null {
  for (const [theirs, ours, join = 'rows'] of joined) {
    const numbers = numbersIn(name, ours);
    if (numbers !== null) return { names: theirs.map((rule) => placed(rule, numbers)), join };
  }
  return null;
}

/** `{b}` or `{s+1}`. */
const PLACE = /\{(\w)(\+1)?\}/g;

function translate(name: string, rules: readonly (readonly [from: string, to: string])[]): string {
  const dot = name.lastIndexOf('.');
  const layer = name.slice(0, dot);
  for (const [from, to] of rules) {
    const whole = numbersIn(name, from);
    if (whole !== null) return placed(to, whole);
    const numbers = numbersIn(layer, from);
    if (numbers !== null) return placed(to, numbers) + name.slice(dot);
  }
  return name;
}

/** A rule with numbers at its places. */
function placed(rule: string, numbers: Record<string, number>): string {
  return rule.replace(PLACE, (_, key, plus) => String(numbers[key] + (plus ? 1 : 0)));
}

/** The numbers at the places of a rule, or null for a layer that the rule is not for. */
function numbersIn(layer: string, rule: string): Record<string, number> | null {
  const found = new RegExp(`^${rule.replaceAll('.', '\\.').replace(PLACE, '(\\d+)')}$`).exec(layer);
  if (found === null) return null;
  const places = [...rule.matchAll(PLACE)];
  return Object.fromEntries(places.map(([, key, plus], i) => [key, Number(found[i + 1]) - (plus ? 1 : 0)]));
}
