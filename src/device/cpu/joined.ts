/**
 * Neighbouring commands that go element by element become one that takes turns: what one has written is still in the
 * cache when the next reads it, and threads meet once instead of after each. The bytes are the same. Plain loops take
 * turns unit by unit; the SIMD module does so itself, in steps that fit the first-level cache.
 */
import { elementBytes } from '../dtype.js';
import type { Kernel } from '../kernel.js';
import { simdArguments, simdParameter } from '../simd-entry.js';
import type { Phase, ReadyCommand, SimdExports, Slice } from './command.js';

/** Where the threads' lists lie, one behind the other: in the memory's first page, behind the step values. */
const TURNS_ADDRESS = 4096;
/** Operations that fit a list, and what each of them takes. */
const MOST_TURNS = 64;
const TURN_WORDS = 4;

/** What the list has of a call of one of POINTWISE (command.ts), and the range that all calls share. */
const LISTED = (['a', 'b', 'y', 'operation'] as const).map((name) => simdParameter('pointwise', name));
const FIRST = simdParameter('pointwise', 'first');
const LAST = simdParameter('pointwise', 'last');

/** A command made ready, and where its operands lie. */
export interface PlacedCommand {
  readonly ready: ReadyCommand;
  readonly operands: readonly (Slice | null)[];
}

/** How a thread has the SIMD module take turns. */
export interface ModuleTurns {
  readonly run: SimdExports[string];
  /** This thread's list in the module's memory, and the address of it. */
  readonly list: Uint32Array;
  readonly address: number;
}

/** `index` is the thread's number in its team. */
export function moduleTurns(simd: SimdExports, memory: WebAssembly.Memory, index: number): ModuleTurns {
  const words = MOST_TURNS * TURN_WORDS;
  const address = TURNS_ADDRESS + index * words * Uint32Array.BYTES_PER_ELEMENT;
  return { run: simd.pointwiseTurns!, list: new Uint32Array(memory.buffer, address, words), address };
}

/** The commands in their order, with those joined that may be. `turns` is null without a SIMD module. */
export function joinCommands(commands: readonly PlacedCommand[], turns: ModuleTurns | null): ReadyCommand[] {
  const groups: PlacedCommand[][] = [];
  for (const command of commands) {
    const group = groups.at(-1);
    if (group !== undefined && mayJoin(group, command)) group.push(command);
    else groups.push([command]);
  }
  return groups.map((group) =>
    join(
      group.map(({ ready }) => ready),
      turns,
    ),
  );
}

function mayJoin(group: readonly PlacedCommand[], next: PlacedCommand): boolean {
  const [first] = group as [PlacedCommand, ...PlacedCommand[]];
  if (!isElementwise(first.ready) || !isElementwise(next.ready)) return false;
  if (first.ready.attributes.count !== next.ready.attributes.count) return false;
  // Unit u of one command meets unit u of another in the same elements only if their operands begin at the same place.
  const slices = group.flatMap(({ operands }) => operands);
  return next.operands.every((a) => slices.every((b) => a === null || b === null || agree(a, b)));
}

function isElementwise({ kernel, attributes }: ReadyCommand): boolean {
  return (kernel as Kernel).cpu.elementwise?.(attributes) ?? false;
}

/** Whether two ranges are the same, or have nothing in common. */
function agree(a: Slice, b: Slice): boolean {
  if (a.dtype === b.dtype && a.byteOffset === b.byteOffset && a.length === b.length) return true;
  return endOf(a) <= b.byteOffset || endOf(b) <= a.byteOffset;
}

function endOf({ dtype, byteOffset, length }: Slice): number {
  return byteOffset + length * elementBytes(dtype, 'float32');
}

function join(commands: readonly ReadyCommand[], turns: ModuleTurns | null): ReadyCommand {
  const [first] = commands as [ReadyCommand, ...ReadyCommand[]];
  if (commands.length === 1) return first;
  const inModule = turns !== null && commands.length <= MOST_TURNS && commands.every((one) => one.pointwise);
  const phase = inModule ? turnsInModule(commands, turns) : turnsByUnit(commands);
  const kernel = { ...first.kernel, name: commands.map((command) => command.kernel.name).join(', ') };
  return { ...first, kernel, phases: [phase] };
}

function turnsByUnit(commands: readonly ReadyCommand[]): Phase {
  const phases = commands.map(({ phases: [phase] }) => phase as Phase);
  return {
    units: phases[0]!.units,
    run(step, begin, end) {
      for (let unit = begin; unit < end; unit++) for (const one of phases) one.run(step, unit, unit + 1);
    },
  };
}

function turnsInModule(commands: readonly ReadyCommand[], { run, list, address }: ModuleTurns): Phase {
  return {
    units: commands[0]!.phases[0]!.units,
    run(_step, begin, end) {
      const calls = commands.map((command) => command.pointwise!(begin, end));
      list.set(calls.flatMap((call) => LISTED.map((parameter) => call[parameter]!)));
      const [first, last] = [calls[0]![FIRST]!, calls[0]![LAST]!];
      run!(...simdArguments('pointwiseTurns', { list: address, operations: calls.length, first, last }));
    },
  };
}
