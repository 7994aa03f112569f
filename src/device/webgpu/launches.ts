/**
 * From commands to launches: variant and pipeline chosen, operands checked against the device's limits and
 * bound, constants written. What is resolved here is encoded again and again without another look.
 */
import { maxOf } from '../../extremes.js';
import { canRun, MAX_STEP_VALUES } from '../kernel.js';
import { AttuneError } from '../../errors.js';
import type { Choices, Counters, Prepared } from '../backend.js';
import type { AdapterTraits, Binding, BufferRange, Command, Grid, Pass, Variant } from '../kernel.js';
import { tuningKey } from '../tuner.js';
import { caughtError, describe, deviceError, type Faults } from './faults.js';
import { BufferUsage } from './flags.js';
import { byteRange, type Memory, roundUp } from './memory.js';
import type { PipelineRequest, Pipelines } from './pipelines.js';
import { CONSTANTS_BYTES, MAX_OPERANDS, writeWords } from './shader.js';

/** Offsets of bindings are multiples of this on every adapter, even where one would take less. */
const BINDING_ALIGNMENT = 256;
/** Absent operands bind this much. */
const ABSENT_BYTES = 256;

export interface Launch {
  readonly command: Command;
  /** Name of the variant that was chosen. */
  readonly variant: string;
  /** In order; all of them have the same operands. */
  readonly passes: readonly LaunchPass[];
  readonly bindGroup: GPUBindGroup;
}

export interface LaunchPass {
  readonly pipeline: GPUComputePipeline;
  readonly grid: Grid;
}

export interface PreparedLaunches extends Prepared {
  /** Without the commands that have nothing to write. */
  readonly launches: readonly Launch[];
  readonly constants: GPUBuffer | null;
  /** What the passes of a launch hand on: launches come one after another, so one will do for all. */
  readonly workspace: GPUBuffer | null;
  /** Choices that these launches could not follow on this adapter. */
  readonly waived: Choices;
  /** How long the last run took; undefined before the first one ended. */
  lastMilliseconds?: number;
}

/** What all launches of a device bind besides their operands. */
export interface SharedBuffers {
  readonly step: GPUBuffer;
  /** 256 zero bytes: absent operands that are read. */
  readonly zeros: GPUBuffer;
  /** A range for each absent operand that is written; ranges may not overlap, and what they hold is never used. */
  readonly scratch: GPUBuffer;
}

export function createSharedBuffers(memory: Memory): SharedBuffers {
  const { UNIFORM, STORAGE, COPY_DST } = BufferUsage;
  return {
    step: memory.create(4 * MAX_STEP_VALUES, UNIFORM | COPY_DST, 'step values'),
    zeros: memory.create(ABSENT_BYTES, STORAGE, 'absent operands'),
    scratch: memory.create(ABSENT_BYTES * MAX_OPERANDS, STORAGE, 'absent outputs'),
  };
}

/** What of a device its modules work on. */
export interface Context {
  readonly device: GPUDevice;
  readonly faults: Faults;
  readonly counters: Counters;
  readonly memory: Memory;
  readonly pipelines: Pipelines;
  readonly shared: SharedBuffers;
  readonly traits: AdapterTraits;
  readonly choices: Choices;
}

/** Encodes a launch into a pass that has set the pipeline `current`; returns the one that is set then. */
export function encodeLaunch(
  encoder: GPUComputePassEncoder,
  { passes, bindGroup }: Launch,
  current?: GPUComputePipeline,
): GPUComputePipeline | undefined {
  let set = current;
  for (const { pipeline, grid } of passes) {
    if (pipeline !== set) encoder.setPipeline(pipeline);
    set = pipeline;
    encoder.setBindGroup(0, bindGroup);
    encoder.dispatchWorkgroups(...grid);
  }
  return set;
}

/** Makes commands ready to run. Throws AttuneError 'device' naming the kernel, its operands and the limit. */
export async function prepareLaunches(
  context: Context,
  commands: readonly Command[],
): Promise<PreparedLaunches> {
  const { device, faults, memory } = context;
  const waived: Record<string, string> = {};
  const planned = commands
    .filter((command) => !hasNothingToWrite(command))
    .map((command) => {
      checkOperands(command, device.limits);
      const given = chosenFor(command, context.choices);
      const [name, variant] = chooseVariant(command, given?.variant, context);
      // One that does not suit every size of its class was measured with another size, and would be left out anywhere.
      if (given !== undefined && given.variant !== name && suits(command, given.variant))
        waived[given.key] = given.variant;
      const grids = passesOf(variant).map((pass) => checkedGrid(command, pass, device.limits));
      return { command, name, variant, grids };
    });
  const ready = planned.map(({ command }) => command);
  await operandsReady(ready, context);
  const pipelines = await Promise.all(
    planned.map(({ command, variant }) =>
      Promise.all(pipelineRequests(command, variant).map((request) => context.pipelines.get(request))),
    ),
  );
  faults.check();

  const constants = await writeConstants(context, ready);
  let workspace: GPUBuffer | null = null;
  try {
    const elements = planned.map(({ command, variant }) => variant.workspace?.(command.attributes) ?? 0);
    workspace = await createWorkspace(context, maxOf(elements, 0));
    // The labels stand in Dawn's messages, so one scope for all launches can still say which of them it was.
    const { result: launches, caught } = faults.scoped(() =>
      planned.map(({ command, name, grids }, i): Launch => {
        const entries = bindings(command, context, constants as GPUBuffer, i);
        if (elements[i] > 0)
          entries.push({ binding: entries.length, resource: { buffer: workspace as GPUBuffer } });
        const { layout } = pipelines[i][0];
        const bindGroup = device.createBindGroup({ layout, entries, label: describe(command) });
        const passes = grids.map((grid, pass) => ({ grid, pipeline: pipelines[i][pass].pipeline }));
        return { command, variant: name, passes, bindGroup };
      }),
    );
    const error = await caught;
    if (error !== null) throw caughtError(error, `binding ${launches.length} launches`);
    context.counters.bindGroups += launches.length;
    const workspaceBytes = workspace?.size ?? 0;
    return { commands, launches, constants, workspace, workspaceBytes, waived };
  } catch (error) {
    for (const buffer of [constants, workspace]) if (buffer !== null) memory.destroy(buffer);
    throw error;
  }
}

function passesOf(variant: Variant): readonly Pass[] {
  return [...(variant.before ?? []), variant];
}

function pipelineRequests(command: Command, variant: Variant): PipelineRequest[] {
  const { kernel, attributes, operands } = command;
  const halves = kernel.bindings.flatMap(({ half }, i) =>
    half && operands[i]?.dtype === 'float16' ? [i] : [],
  );
  const element = kernel.shader.element?.(attributes) ?? 'f32';
  const workspace = (variant.workspace?.(attributes) ?? 0) > 0;
  return passesOf(variant).map((pass) => ({ kernel, pass, workspace, element, halves }));
}

/** Memory for so many float32 elements; null for none. Throws AttuneError 'device' where it cannot be had. */
async function createWorkspace({ memory, faults }: Context, elements: number): Promise<GPUBuffer | null> {
  if (elements === 0) return null;
  const label = `workspace of ${4 * elements} bytes`;
  const { result, caught } = faults.scoped(() => memory.create(4 * elements, BufferUsage.STORAGE, label));
  const error = await caught;
  if (error === null) return result;
  memory.destroy(result);
  throw caughtError(error, label);
}

/** A choice made by hand or by measuring holds wherever it can run; elsewhere the kernel's own choice stands. */
function chooseVariant(command: Command, given: string | undefined, { traits }: Context): [string, Variant] {
  const { kernel, attributes } = command;
  const { variants } = kernel.shader;
  if (given !== undefined && !Object.hasOwn(variants, given)) {
    throw deviceError(
      `there is no variant ${given}`,
      `kernel ${kernel.name}`,
      `it has ${Object.keys(variants).join(', ')}`,
    );
  }
  const runs = (variant: Variant) => canRun(variant, attributes, traits);
  if (given !== undefined && runs(variants[given])) return [given, variants[given]];
  const name = kernel.shader.choose(attributes, traits);
  const variant = variants[name];
  if (variant === undefined || !runs(variant)) {
    throw new AttuneError({
      code: 'internal',
      what: `variant ${name} cannot run this`,
      where: describe(command),
    });
  }
  return [name, variant];
}

/** Whether a variant can do this work where it is supported. */
function suits({ kernel, attributes }: Command, variant: string): boolean {
  return kernel.shader.variants[variant].suits?.(attributes) ?? true;
}

/** What `choices` have for a kernel by its name, else for the class of this launch. */
function chosenFor(command: Command, choices: Choices): { key: string; variant: string } | undefined {
  const keys = [command.kernel.name, tuningKey(command)];
  const key = keys.find((name) => name !== null && Object.hasOwn(choices, name)) ?? null;
  return key === null ? undefined : { key, variant: choices[key] };
}

/** Zero-sized outputs skip the launch. */
function hasNothingToWrite(command: Command): boolean {
  const written = command.operands.filter((range, i) => range !== null && writes(command.kernel.bindings[i]));
  return written.length > 0 && written.every((range) => range?.length === 0);
}

function writes(binding: Binding | undefined): boolean {
  return binding !== undefined && binding.access !== 'read';
}

function checkOperands(command: Command, limits: GPUSupportedLimits): void {
  const { kernel, operands } = command;
  const { bindings } = kernel;
  if (operands.length !== bindings.length || bindings.length > MAX_OPERANDS) {
    throw new AttuneError({
      code: 'internal',
      what: `${operands.length} operands for ${bindings.length} bindings, of which there may be ${MAX_OPERANDS}`,
      where: `kernel ${kernel.name}`,
    });
  }
  const limit = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const spans = bindings.map((binding, i) => {
    const range = operands[i];
    if (range === null) {
      if (binding.optional) return null;
      throw new AttuneError({
        code: 'internal',
        what: `operand ${binding.name} is missing`,
        where: describe(command),
      });
    }
    const { start, bytes } = byteRange(range);
    if (bytes > limit) {
      throw deviceError(
        `operand ${binding.name} has ${bytes} bytes, more than the ${limit} that this GPU can bind`,
        describe(command),
        'use a smaller batch or image size',
      );
    }
    if (start % BINDING_ALIGNMENT !== 0) {
      throw new AttuneError({
        code: 'internal',
        what: `operand ${binding.name} starts at byte ${start}, not a multiple of ${BINDING_ALIGNMENT}`,
        where: describe(command),
      });
    }
    return { id: range.buffer.id, start, end: start + bytes };
  });
  checkSharing(command, spans);
}

interface Span {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** WebGPU refuses one buffer both read and written in a launch, and ranges that overlap when one is written. */
function checkSharing(command: Command, spans: readonly (Span | null)[]): void {
  const { bindings } = command.kernel;
  spans.forEach((a, i) => {
    spans.slice(0, i).forEach((b, j) => {
      if (a === null || b === null || a.id !== b.id) return;
      const mixed = writes(bindings[i]) !== writes(bindings[j]);
      const overlap = writes(bindings[i]) && a.start < b.end && b.start < a.end;
      if (!mixed && !overlap) return;
      throw new AttuneError({
        code: 'internal',
        what: `operands ${bindings[j].name} and ${bindings[i].name} share a buffer that is written`,
        where: describe(command),
      });
    });
  });
}

function checkedGrid(command: Command, pass: Pass, limits: GPUSupportedLimits): Grid {
  const grid = pass.grid(command.attributes);
  const limit = limits.maxComputeWorkgroupsPerDimension;
  for (const groups of grid) {
    if (!Number.isInteger(groups) || groups < 1 || groups > limit) {
      throw deviceError(
        `a grid of ${grid.join(' x ')} workgroups is outside 1 to ${limit} per dimension`,
        describe(command),
      );
    }
  }
  return grid;
}

/** Waits until it is known that the operands' memory could be had. */
async function operandsReady(commands: readonly Command[], { faults, memory }: Context): Promise<void> {
  for (const command of commands) {
    for (const range of command.operands) {
      if (range === null) continue;
      const block = memory.block(range.buffer);
      await block.ready;
      if (block.fault !== undefined) throw block.fault;
    }
  }
  faults.check();
}

/** One buffer with 256 bytes for each launch; null when there are none. */
async function writeConstants(context: Context, commands: readonly Command[]): Promise<GPUBuffer | null> {
  if (commands.length === 0) return null;
  const { device, memory, faults } = context;
  const bytes = new ArrayBuffer(CONSTANTS_BYTES * commands.length);
  const view = new DataView(bytes);
  commands.forEach(({ kernel, attributes }, i) => {
    writeWords(view, i * CONSTANTS_BYTES, kernel.shader.words(attributes), kernel.name);
  });
  const { UNIFORM, COPY_DST } = BufferUsage;
  const label = `constants of ${commands.length} launches`;
  const { result: buffer, caught } = faults.scoped(() => {
    const made = memory.create(bytes.byteLength, UNIFORM | COPY_DST, label);
    device.queue.writeBuffer(made, 0, bytes);
    return made;
  });
  const error = await caught;
  if (error === null) return buffer;
  memory.destroy(buffer);
  throw caughtError(error, label);
}

function bindings(
  command: Command,
  { memory, shared }: Context,
  constants: GPUBuffer,
  index: number,
): GPUBindGroupEntry[] {
  const { kernel, operands } = command;
  const resources: GPUBufferBinding[] = kernel.bindings.map((binding, i) => {
    const range = operands[i];
    if (isPresent(range)) return operandBinding(range, memory);
    if (!writes(binding)) return { buffer: shared.zeros };
    return { buffer: shared.scratch, offset: i * ABSENT_BYTES, size: ABSENT_BYTES };
  });
  resources.push({ buffer: constants, offset: index * CONSTANTS_BYTES, size: CONSTANTS_BYTES });
  if (kernel.shader.readsStep) resources.push({ buffer: shared.step });
  return resources.map((resource, binding) => ({ binding, resource }));
}

/** WebGPU has no zero-sized bindings: an empty operand is bound like an absent one. */
function isPresent(range: BufferRange | null): range is BufferRange {
  return range !== null && range.length > 0;
}

function operandBinding(range: BufferRange, memory: Memory): GPUBufferBinding {
  const { start, bytes } = byteRange(range);
  return { buffer: memory.block(range.buffer).gpu, offset: start, size: roundUp(bytes, 4) };
}
