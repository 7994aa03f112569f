/**
 * State dicts: a model's parameters and buffers by PyTorch's names, in PyTorch's layout (convolutions OIHW,
 * linear weights [outputs, inputs]). `stateDict` takes them out, `loadStateDict` puts them in.
 */
import type { Precision } from '../device/dtype.js';
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Buffer } from '../tensor/parameter.js';
import { sameShape, sizeOf } from '../tensor/shape.js';
import { BatchNorm2d } from './batch-norm.js';
import { mismatchText, type Misshapen } from './mismatch.js';
import type { Module, NamedArray } from './module.js';
import { inverseAxes, Permuter, permuteShape, permuteValues } from './permute.js';

type Floats = Float32Array | Float64Array;

/** A named tensor to load: an entry of a weights file, or of another model's state dict. */
export interface WeightsEntry {
  readonly name: string;
  /** As safetensors names it. Only floating-point types are loaded. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** If this is a batch norm's variance: the epsilon that the network of the file adds to it. Default: the model's. */
  readonly epsilon?: number | undefined;
  /** The values in row-major order; F64 is rounded to float32 unless `precision` is 'float64'. */
  read(precision?: Precision): Promise<Floats>;
  /** As a file has them: the caller may keep these and permute them in place; their `axes` tell their order. */
  readonly owned?: OwnedValues | undefined;
}

/** Values that belong to who reads them, in an order of their own. */
export interface OwnedValues {
  readonly shape: readonly number[];
  /** Dimension axes[d] of it is dimension d of the entry. */
  readonly axes: readonly number[];
  /** The values in row-major order, in an array that nobody else has; F64 as for the entry. */
  read(precision?: Precision): Promise<Floats>;
}

/** An entry of a state dict. It can be loaded into a model and written to a file. */
export interface StateTensor extends WeightsEntry {
  readonly dtype: 'F32' | 'F64';
  /** A copy: training on does not change it. */
  readonly data: Floats;
}

/** What may differ between a file and the model. */
export interface LoadOptions {
  /** Whether every array of the model must be in the entries, and the reverse. Default true. */
  readonly strict?: boolean;
  /** Layers that keep their values, with their entries ignored: `['fc']` leaves the head out. */
  readonly exclude?: readonly string[];
  /** Where the entries are from, for errors: the path of the file. */
  readonly where?: string;
  /** What to do about a mismatch, for errors. */
  readonly hint?: string;
}

const NAMES: OptionNames<LoadOptions> = { strict: true, exclude: true, where: true, hint: true };

/** What loading did, in the model's names and order; `unexpected` in the order of the entries, by their own names. */
export interface LoadReport {
  readonly loaded: readonly string[];
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

const FLOATING_POINT = ['F64', 'F32', 'F16', 'BF16'];

/** Names that wrappers put before those of the model: DataParallel, torch.compile, Lightning and others. */
const PREFIXES = ['module.', '_orig_mod.', 'model.'];

/** `name` without the prefixes that PyTorch's wrappers add, however they are nested. */
export function stripPrefixes(name: string): string {
  const prefix = PREFIXES.find((candidate) => name.startsWith(candidate));
  return prefix === undefined ? name : stripPrefixes(name.slice(prefix.length));
}

/**
 * The model's values now, by name. After the programs that were started before; nothing may run that changes
 * them meanwhile. F64 on a float64 device, else F32. PyTorch's `num_batches_tracked` is left out: it can do
 * without.
 */
export async function stateDict(model: Module): Promise<Map<string, StateTensor>> {
  const values = await model.readValues();
  const result = new Map<string, StateTensor>();
  for (const named of model.namedArrays()) {
    const axes = axesOf(named);
    const data = permuteValues(values.get(named.array) as Floats, named.array.shape, axes);
    result.set(named.name, {
      name: named.name,
      dtype: data instanceof Float64Array ? 'F64' : 'F32',
      shape: permuteShape(named.array.shape, axes),
      data,
      read: async () => data,
    });
  }
  return result;
}

/**
 * Sets a model's arrays from entries, which are read one at a time. An entry's name is taken as it is, or
 * without wrappers' prefixes; `num_batches_tracked` is ignored. Works on the host and on a device. F64 is rounded by the
 * device unless it computes in float64; on the host it stays as it is.
 *
 * Throws one AttuneError 'weights' that names every missing, unexpected and misshapen tensor, before anything
 * is changed; not strict, only for misshapen ones; 'usage' for an unknown option. What a read throws arrives as it is, with the tensors before
 * it loaded: load again before the model is used.
 */
export async function loadStateDict(
  model: Module,
  entries: Iterable<WeightsEntry>,
  options: LoadOptions = {},
): Promise<LoadReport> {
  refuseUnknownOptions(options, NAMES, 'loadStateDict');
  const {
    strict = true,
    exclude = [],
    where,
    hint = 'use the model that these weights were saved from',
  } = options;
  const wanted = new Map(Array.from(model.namedArrays(), (named) => [named.name, named]));
  const { found, unexpected } = assignEntries(entries, wanted, where);
  const isExcluded = (name: string) =>
    exclude.some((layer) => name === layer || name.startsWith(`${layer}.`));

  const toLoad = [...wanted.values()].filter(({ name }) => found.has(name) && !isExcluded(name));
  const missing = [...wanted.keys()].filter((name) => !found.has(name) && !isExcluded(name));
  const surplus = unexpected.filter((name) => !isExcluded(stripPrefixes(name)));
  const misshapen = toLoad.flatMap((named) => misshape(named, found.get(named.name) as WeightsEntry));
  if (misshapen.length > 0 || (strict && missing.length + surplus.length > 0)) {
    const what = mismatchText(strict ? missing : [], strict ? surplus : [], misshapen);
    throw new AttuneError({ code: 'weights', what, where, hint });
  }

  const permuter = new Permuter();
  const isExact = model.isPlaced && model.memory.device.precision === 'float64';
  for (const named of toLoad) {
    const entry = found.get(named.name) as WeightsEntry;
    const values = await valuesOf(entry, isExact, where);
    (named.array as Buffer).set(withEpsilon(inOrderOf(named, values, entry, permuter), named, entry));
  }
  return { loaded: toLoad.map(({ name }) => name), missing, unexpected: surplus };
}

/** Entries by the model's names, and the names of those that are none of its. */
function assignEntries(
  entries: Iterable<WeightsEntry>,
  wanted: ReadonlyMap<string, NamedArray>,
  where: string | undefined,
): { found: Map<string, WeightsEntry>; unexpected: string[] } {
  const found = new Map<string, WeightsEntry>();
  const unexpected: string[] = [];
  for (const entry of entries) {
    const name = wanted.has(entry.name) ? entry.name : stripPrefixes(entry.name);
    if (/(?:^|\.)num_batches_tracked$/.test(name)) continue;
    const other = found.get(name);
    if (other !== undefined) {
      throw new AttuneError({
        code: 'weights',
        what: `${other.name} and ${entry.name} are the same tensor ${name} of the model`,
        where,
        hint: 'save one of the two models that the weights hold by itself',
      });
    }
    if (wanted.has(name)) found.set(name, entry);
    else unexpected.push(entry.name);
  }
  return { found, unexpected };
}

/** The order of dimensions that makes an array of this engine one of PyTorch. */
function axesOf({ owner, field, array }: NamedArray): readonly number[] {
  return owner.torchAxes(field) ?? array.shape.map((_, d) => d);
}

function misshape(named: NamedArray, entry: WeightsEntry): Misshapen[] {
  const expected = permuteShape(named.array.shape, axesOf(named));
  if (sameShape(expected, entry.shape) && FLOATING_POINT.includes(entry.dtype)) return [];
  return [{ name: named.name, dtype: entry.dtype, shape: entry.shape, expected }];
}

/** The values of an entry, F64 as it is. Those that float32 cannot hold are refused unless the device `isExact`. */
async function valuesOf(entry: WeightsEntry, isExact: boolean, where: string | undefined): Promise<Floats> {
  const values = await (entry.owned ?? entry).read('float64');
  if (values.length !== sizeOf(entry.shape)) {
    throw new AttuneError({
      code: 'weights',
      what: `${entry.name} gave ${values.length} values for shape [${entry.shape.join(', ')}]`,
      where,
      hint: 'the file is damaged; download or save it again',
    });
  }
  if (isExact || values instanceof Float32Array) return values;
  const at = values.findIndex((value) => Number.isFinite(value) && !Number.isFinite(Math.fround(value)));
  if (at < 0) return values;
  throw new AttuneError({
    code: 'weights',
    what: `element ${at} of ${entry.name} is ${values[at]}, too large for float32`,
    where,
    hint: "rescale it before saving, or move the model to a device of precision 'float64' first",
  });
}

/** The values with the model's order of dimensions. */
function inOrderOf(
  named: NamedArray,
  values: Floats,
  { shape, owned }: WeightsEntry,
  permuter: Permuter,
): Floats {
  const order = inverseAxes(axesOf(named));
  if (owned === undefined) return permuteValues(values, shape, order);
  const axes = order.map((axis) => owned.axes[axis]);
  if (axes.some((axis, d) => axis !== d)) permuter.permute(values, owned.shape, axes);
  return values;
}

/** A variance with another epsilon than the model's taken in: only their sum is computed with. */
function withEpsilon(values: Floats, { owner, field }: NamedArray, { epsilon }: WeightsEntry): Floats {
  if (epsilon === undefined || !(owner instanceof BatchNorm2d) || field !== 'running_var') return values;
  // A file may have it in float32.
  if (Math.fround(epsilon) === Math.fround(owner.epsilon)) return values;
  return values.map((value) => value + epsilon - owner.epsilon);
}
