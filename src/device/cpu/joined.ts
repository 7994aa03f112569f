/**
 * Neighbouring commands that go element by element become one that takes turns, unit by unit: what one has written is
 * still in the cache when the next reads it, and threads meet once instead of after each. The bytes are the same.
 */
import { elementBytes } from '../dtype.js';
import type { Kernel } from '../kernel.js';
import type { Phase, ReadyCommand, Slice } from './command.js';

/** A command made ready, and where its operands lie. */
export interface PlacedCommand {
  readonly ready: ReadyCommand;
  readonly operands: readonly (Slice | null)[];
}

/** The commands in their order, with those joined that may be. */
export function joinCommands(commands: readonly PlacedCommand[]): ReadyCommand[] {
  const groups: PlacedCommand[][] = [];
  for (const command of commands) {
    const group = groups.at(-1);
    if (group !== undefined && mayJoin(group, command)) group.push(command);
    else groups.push([command]);
  }
  return groups.map((group) => takeTurns(group.map(({ ready }) => ready)));
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

function takeTurns(commands: readonly ReadyCommand[]): ReadyCommand {
  const [first] = commands as [ReadyCommand, ...ReadyCommand[]];
  if (commands.length === 1) return first;
  const phases = commands.map(({ phases: [phase] }) => phase as Phase);
  const phase: Phase = {
    units: phases[0]!.units,
    run(step, begin, end) {
      for (let unit = begin; unit < end; unit++) for (const one of phases) one.run(step, unit, unit + 1);
    },
  };
  const kernel = { ...first.kernel, name: commands.map((command) => command.kernel.name).join(', ') };
  return { ...first, kernel, phases: [phase] };
}
