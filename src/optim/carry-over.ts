/**
 * What an optimiser keeps from step to step (moments, and what parts keep), parameter by parameter on the host: for
 * checkpoints, and for the optimiser that follows when other parameters are trained.
 */
import type { TypedArray } from '../device/dtype.js';
import type { Arena } from '../tensor/arena.js';
import type { Parameter } from '../tensor/parameter.js';
import type { Optimizer } from './optimizer.js';

/** By the name of the arena. */
export type Kept = ReadonlyMap<string, ReadonlyMap<Parameter, TypedArray>>;

/** Reads it, after the steps that were started before. Views of larger blocks: copy what is to be changed. */
export async function readKept(optimizer: Optimizer): Promise<Kept> {
  const kept = new Map<string, ReadonlyMap<Parameter, TypedArray>>();
  for (const [name, arena] of Object.entries(optimizer.arenas)) {
    kept.set(name, await readArena(arena, optimizer.memory.parameters));
  }
  return kept;
}

/**
 * Gives a new optimiser what another kept, and its count of steps. A parameter that the other did not train begins as
 * it would at the first step: without moments, and with its value in the arenas of parts.
 */
export async function carryOver(kept: Kept, steps: number, optimizer: Optimizer): Promise<void> {
  const { memory, moments, arenas } = optimizer;
  const values = await readArena(memory.values, memory.parameters);
  optimizer.steps = steps;
  for (const [name, arena] of Object.entries(arenas)) {
    const before = kept.get(name);
    memory.parameters.forEach((parameter, i) => {
      const start = name in moments ? undefined : values.get(parameter);
      const content = before?.get(parameter) ?? start;
      if (content !== undefined) arena.device.write(arena.view(i), content);
    });
  }
}

async function readArena(
  arena: Arena,
  parameters: readonly Parameter[],
): Promise<Map<Parameter, TypedArray>> {
  const chunks: TypedArray[] = [];
  for (const chunk of arena.chunks) chunks.push(await arena.device.read(chunk));
  return new Map(
    parameters.map((parameter, i) => {
      const { chunk, offset, length } = arena.places[i];
      return [parameter, chunks[chunk].subarray(offset, offset + length)];
    }),
  );
}
