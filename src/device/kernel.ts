/**
 * A kernel: one computation, written once for each kind of device.
 *
 * It is the only thing that mathematics (src/ops) hands to hardware (src/device). A kernel lists its operands
 * in order; a launch (program/storage.ts) supplies storage for them and attributes: plain data from which everything
 * else follows: the words the shader reads, the grid, the loop bounds. Devices know nothing more.
 */
import type { DType, TypedArray } from './dtype.js';

/** Plain data: it can be compared, kept with a plan and posted to a worker. */
export type Plain = number | string | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };
// biome-ignore lint/suspicious/noExplicitAny: each kernel narrows its own attributes; tables hold them all.
export type Attributes = any;

/** How one operand is used. 'read_write' operands keep what they held; 'write' ones are overwritten whole. */
export type Access = 'read' | 'write' | 'read_write';

export interface Binding {
  readonly name: string;
  readonly access: Access;
  /** An absent operand binds a small zero buffer; the attributes say that it is absent. */
  readonly optional?: boolean;
  /**
   * A float32 operand that a mixed-precision program may keep as float16 (program/half.ts): activations and their
   * gradients; 'copy': weights, of which it may read a float16 copy. The shader declares the operand with `ElementN`, N
   * its place among the bindings, and computes in f32 all the same.
   */
  readonly half?: boolean | 'copy';
}

/** One word of a launch's constants: a number is written as u32, `float(x)` as f32. */
export type Word = number | { readonly float: number };

/** Marks a word of a launch's constants as f32. */
export function float(value: number): Word {
  return { float: value };
}

/** A value that changes from run to run without changing the plan: an index into the run's step values. */
export interface Varying {
  readonly varying: number;
}

/** Workgroups in x, y and z. `flatGrid` folds what is too long for one; see `shaders/lib/grid.wgsl`. */
export type Grid = readonly [x: number, y: number, z: number];

/** What a kernel may know about a GPU when it chooses a variant. */
export interface AdapterTraits {
  /** True where a processor plays the GPU (llvmpipe, SwiftShader, WARP): memory instructions dominate there. */
  readonly software: boolean;
  /** The fewest lanes a subgroup may have; 0 where the adapter has no subgroups. */
  readonly minSubgroupLanes: number;
  readonly maxInvocationsPerWorkgroup: number;
  readonly maxWorkgroupStorageBytes: number;
  /** The largest range that one binding may span. */
  readonly maxBindingBytes: number;
}

/** One dispatch: a shader, and its grid. */
export interface Pass<A = Attributes> {
  /** Path below shaders/, for example 'product/matmul-register.wgsl'. */
  readonly file: string;
  /** Paths below shaders/lib/ that are concatenated before the file. */
  readonly libraries?: readonly string[];
  /** Written into the prelude as `const NAME = 64u;`. */
  readonly constants: Readonly<Record<string, number>>;
  grid(attributes: A): Grid;
}

/**
 * One way to run a kernel's shader. Variants compute the same thing; they differ in tiling, vector width, or in the way to
 * the result, which may take several passes: those in `before`, then the variant's own, which writes the output.
 */
export interface Variant<A = Attributes> extends Pass<A> {
  readonly before?: readonly Pass<A>[];
  /**
   * Elements, as float32, that the passes hand on to each other: `workspace` is the binding after all others, read_write in
   * each of them. What it holds at first is not known. Absent: there is none.
   */
  workspace?(attributes: A): number;
  /** Whether this variant can run these attributes at all (C % 4 == 0 and the like). Absent: always. */
  suits?(attributes: A): boolean;
  /** Whether an adapter has what this variant needs (subgroups and the like). Absent: always. */
  supports?(traits: AdapterTraits): boolean;
}

/** Whether a variant can do this work on such an adapter. */
export function canRun<A>(variant: Variant<A>, attributes: A, traits: AdapterTraits): boolean {
  const { suits, supports, workspace } = variant;
  return (
    (suits?.(attributes) ?? true) &&
    (supports?.(traits) ?? true) &&
    4 * (workspace?.(attributes) ?? 0) <= traits.maxBindingBytes
  );
}

/** How the tuner (tuner.ts) sees a kernel whose variants are worth measuring. */
export interface Tuning<A = Attributes> {
  /**
   * What launches have in common that get one variant: all that `suits` depends on, and sizes, the large ones rounded
   * (`sizeClass`), so that a batch with an image less is no other class. Short text, without the kernel's name.
   */
  shapeClass(attributes: A): string;
  /** The plainest variant, with whose results those of the others must agree. */
  plain(attributes: A): string;
  /** Variants that may be the fastest on such an adapter; those that do not suit, or it does not support, are passed over. */
  candidates(attributes: A, traits: AdapterTraits): readonly string[];
}

export interface Shader<A = Attributes> {
  readonly variants: Readonly<Record<string, Variant<A>>>;
  /** Name of the variant for these attributes on this adapter. */
  choose(attributes: A, traits: AdapterTraits): string;
  /** Absent: `choose` has the last word. */
  readonly tuning?: Tuning<A>;
  /** The launch's constants, at most 64 words, in the order of the shader's `struct Constants`. */
  words(attributes: A): readonly Word[];
  /** WGSL type that `alias Element` names; 'f32' when absent. */
  element?(attributes: A): 'f32' | 'i32' | 'u32';
  /** True when the shader reads `var<uniform> step: Step` (lib/step.wgsl) at the binding after the constants. */
  readonly readsStep?: boolean;
}

/** What a CPU loop is given. `operands[i]` belongs to `bindings[i]`; an absent one is an empty array. */
export interface CpuCall<A = Attributes> {
  readonly attributes: A;
  // biome-ignore lint/suspicious/noExplicitAny: loops index float, integer and byte arrays alike.
  readonly operands: readonly any[];
  /** The run's step values; see `Varying`. */
  readonly step: ArrayLike<number>;
  /** This call computes the units begin <= u < end; units are independent of each other. */
  readonly begin: number;
  readonly end: number;
}

export interface CpuLoop<A = Attributes> {
  /** How many independent units the work splits into (rows, channels, ...). Fixed by the attributes alone. */
  units(attributes: A): number;
  /**
   * Whether unit u reads and writes the same elements of every operand and no others, as loops over flat ranges do
   * (`attributes.count` of them), and reads each before it writes there, and never again: its result may lie where an
   * operand did. Absent: no.
   */
  elementwise?(attributes: A): boolean;
  run(call: CpuCall<A>): void;
}

/** Where the SIMD module finds the run's step values, as float32: in the memory's first page, which no operand uses. */
export const STEP_VALUES_ADDRESS = 1024;

/** Byte address of a step value, and of those after it, for a SIMD entry's arguments. */
export function stepValueAddress({ varying }: Varying): number {
  return STEP_VALUES_ADDRESS + varying * 4;
}

/**
 * An exported function of the WebAssembly SIMD module that does the work of the CPU loop, in float32. `simdEntry`
 * (simd-entry.ts) makes one of arguments by name.
 */
export interface SimdEntry<A = Attributes> {
  readonly entry: string;
  /** Whether the entry can run these attributes. Absent: always. */
  suits?(attributes: A): boolean;
  /** Bytes of scratch memory for one call; 16-byte aligned. */
  workspaceBytes?(attributes: A): number;
  /** What all threads make together before the first call. */
  readonly preparation?: SimdPreparation<A>;
  /**
   * The call's arguments. `pointers[i]` is the byte address of operand i, 0 when absent; the scratch memory's comes
   * after them, and behind it, for an entry with a preparation, what was prepared, or 0.
   */
  arguments(attributes: A, pointers: readonly number[], begin: number, end: number): number[];
}

/** Work on a command's operands that is done once, however many threads and calls need it. */
export interface SimdPreparation<A = Attributes> {
  entry(attributes: A): string;
  /** Bytes of what it makes; 0 where these attributes need none, and it does not run. */
  bytes(attributes: A): number;
  /** How many independent units the work splits into. */
  units(attributes: A): number;
  /** As an entry's, scratch memory included; `prepared` is the byte address of what it makes. */
  arguments(
    attributes: A,
    pointers: readonly number[],
    prepared: number,
    begin: number,
    end: number,
  ): number[];
}

export interface Kernel<A = Attributes> {
  readonly name: string;
  readonly bindings: readonly Binding[];
  readonly shader: Shader<A>;
  readonly cpu: CpuLoop<A>;
  readonly simd?: SimdEntry<A>;
}

/** A memory block of a device. `bytes` is what was asked for. */
export interface DeviceBuffer {
  readonly id: number;
  readonly bytes: number;
}

/** `length` elements of a buffer from element `offset` on. */
export interface BufferRange {
  readonly buffer: DeviceBuffer;
  readonly dtype: DType;
  readonly offset: number;
  readonly length: number;
}

/** A launch whose operands have real memory: what devices execute. null: the operand is absent. */
export interface Command {
  readonly kernel: Kernel;
  readonly attributes: Attributes;
  readonly operands: readonly (BufferRange | null)[];
}

/** Host data to copy into a range before the commands run. */
export interface Upload {
  readonly range: BufferRange;
  readonly data: TypedArray;
}

/** The step values of a run; each is written as u32 or f32 where a shader reads it. */
export interface StepValue {
  readonly kind: 'float' | 'uint';
  readonly value: number;
}

/** At most this many step values fit beside each other in a run. */
export const MAX_STEP_VALUES = 512;
