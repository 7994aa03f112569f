/** From a recipe to its learning-rate schedule: which fields each schedule takes, and what they are when not given. */
import type { Schedule, ScheduleLength } from '../optim/index.js';
import type { Recipe } from './recipe-schema.js';

/** The fields that some schedules take and others do not. */
export const SCHEDULE_FIELDS = {
  constant: [],
  step: ['step_size', 'gamma'],
  'multi-step': ['milestones', 'gamma'],
  exponential: ['gamma'],
  polynomial: ['power'],
  cosine: [],
  'cosine-restarts': ['cycle_epochs', 'cycle_factor'],
  'one-cycle': ['peak', 'divisor', 'final_divisor', 'peak_momentum'],
  'slanted-triangular': ['peak', 'divisor'],
  plateau: ['gamma', 'plateau_patience'],
} as const satisfies Readonly<Record<Recipe['schedule'], readonly (keyof Recipe)[]>>;

/** One of them. */
export type ScheduleField = (typeof SCHEDULE_FIELDS)[Recipe['schedule']][number];

/** Whether a field is one that only some schedules take. */
export function isScheduleField(field: keyof Recipe): field is ScheduleField {
  return Object.values(SCHEDULE_FIELDS).some((fields: readonly (keyof Recipe)[]) => fields.includes(field));
}

/** The schedules that take a field. */
export function schedulesWith(field: ScheduleField): string[] {
  const entries = Object.entries<readonly ScheduleField[]>(SCHEDULE_FIELDS);
  return entries.filter(([, fields]) => fields.includes(field)).map(([name]) => name);
}

/**
 * Defaults: torch's where it has some (OneCycleLR, and 25, 1e4, 0.85 with it); the slanted triangle's are those of
 * the ULMFiT paper. Both rise by themselves, so they are not warmed up.
 */
export function scheduleDefaults(schedule: Recipe['schedule']) {
  const slanted = schedule === 'slanted-triangular';
  const oneCycle = schedule === 'one-cycle';
  return {
    step_size: 7,
    gamma: schedule === 'exponential' ? 0.9 : 0.1,
    milestones: [],
    power: 1,
    cycle_epochs: 10,
    cycle_factor: 2,
    peak: slanted ? 0.1 : 0.3,
    divisor: slanted ? 32 : 25,
    final_divisor: 1e4,
    plateau_patience: 3,
    warmup: slanted || oneCycle ? 0 : 0.05,
  };
}

/** The schedule of a recipe. */
export function scheduleOf(recipe: Recipe): Schedule {
  const { schedule: kind, gamma, peak, divisor } = recipe;
  switch (kind) {
    case 'constant':
    case 'cosine':
      return { kind };
    case 'step':
      return { kind, stepSize: recipe.step_size, gamma };
    case 'multi-step':
      return { kind, milestones: recipe.milestones, gamma };
    case 'exponential':
      return { kind, gamma };
    case 'polynomial':
      return { kind, power: recipe.power };
    case 'cosine-restarts':
      return { kind, cycleEpochs: recipe.cycle_epochs, cycleFactor: recipe.cycle_factor };
    case 'one-cycle': {
      const { final_divisor: finalDivisor, momentum, peak_momentum: peakMomentum } = recipe;
      return { kind, peak, divisor, finalDivisor, momentum, peakMomentum };
    }
    case 'slanted-triangular':
      return { kind, peak, divisor };
    case 'plateau':
      return { kind, gamma, patience: recipe.plateau_patience };
  }
}

/** The length of the full stage. */
export function scheduleLength({ epochs, warmup }: Recipe, stepsPerEpoch: number): ScheduleLength {
  const totalSteps = stepsPerEpoch * epochs;
  return { stepsPerEpoch, totalSteps, warmupSteps: Math.floor(warmup * totalSteps) };
}
