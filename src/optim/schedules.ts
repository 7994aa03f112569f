/**
 * Learning-rate schedules: the factor on the base rate as a pure function of the global step (of the losses so far
 * for 'plateau'), so that a resumed run has the rates of one that was never stopped.
 *
 * With e = step / steps per epoch, and t in 0..T the steps behind the warm-up:
 *
 *     constant            1
 *     step                gamma ^ floor(e / stepSize)                              torch StepLR
 *     multi-step          gamma ^ (how many milestones are <= e)                   torch MultiStepLR
 *     exponential         gamma ^ floor(e)                                         torch ExponentialLR
 *     polynomial          (1 - t / T) ^ power                                      torch PolynomialLR
 *     cosine              (1 + cos(pi t / T)) / 2                                  Loshchilov and Hutter, 2017
 *     cosine-restarts     the same in cycles, each `cycleFactor` times the last    their SGDR; torch CosineAnnealingWarmRestarts
 *     one-cycle           1 / divisor up to 1, down to 1 / (divisor finalDivisor)  Smith and Topin, 2018; torch OneCycleLR
 *     slanted-triangular  1 / divisor straight up to 1, straight down again        Howard and Ruder, ULMFiT, 2018
 *     plateau             gamma ^ (how often the loss has stood still)             torch ReduceLROnPlateau
 *
 * During the warm-up the factor rises linearly from nothing to what the schedule has at its end.
 */
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownKind, refuseUnknownOptions } from '../option-names.js';

/** A schedule by its kind, with its settings. */
export type Schedule =
  | { readonly kind: 'constant' }
  /** Steps every `stepSize` epochs. */
  | { readonly kind: 'step'; readonly stepSize: number; readonly gamma: number }
  /** Steps at these epochs, which ascend. */
  | { readonly kind: 'multi-step'; readonly milestones: readonly number[]; readonly gamma: number }
  | { readonly kind: 'exponential'; readonly gamma: number }
  | { readonly kind: 'polynomial'; readonly power: number }
  | { readonly kind: 'cosine' }
  /** The first cycle takes `cycleEpochs` epochs. */
  | { readonly kind: 'cosine-restarts'; readonly cycleEpochs: number; readonly cycleFactor: number }
  | OneCycle
  /** The rise takes the share `peak` of the steps. */
  | { readonly kind: 'slanted-triangular'; readonly peak: number; readonly divisor: number }
  /** Falls when the loss has not fallen for more than `patience` epochs. */
  | { readonly kind: 'plateau'; readonly gamma: number; readonly patience: number };

/** Half a cosine up over the share `peak` of the steps, half a cosine down over the rest. */
export interface OneCycle {
  readonly kind: 'one-cycle';
  readonly peak: number;
  readonly divisor: number;
  readonly finalDivisor: number;
  /** The momentum at the ends of the cycle, and where the rate is highest: it moves in anti-phase. */
  readonly momentum: number;
  readonly peakMomentum: number;
}

/** What each schedule is described by, beside its kind. */
const FIELDS: {
  readonly [Kind in Schedule['kind']]: OptionNames<Omit<Extract<Schedule, { kind: Kind }>, 'kind'>>;
} = {
  constant: {},
  step: { stepSize: true, gamma: true },
  'multi-step': { milestones: true, gamma: true },
  exponential: { gamma: true },
  polynomial: { power: true },
  cosine: {},
  'cosine-restarts': { cycleEpochs: true, cycleFactor: true },
  'one-cycle': { peak: true, divisor: true, finalDivisor: true, momentum: true, peakMomentum: true },
  'slanted-triangular': { peak: true, divisor: true },
  plateau: { gamma: true, patience: true },
};

/** How long a stage is, in optimiser steps. */
export interface ScheduleLength {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Steps over which the rate rises linearly from nothing; the schedule proper begins after them. */
  readonly warmupSteps: number;
}

const LENGTH_NAMES: OptionNames<ScheduleLength> = {
  stepsPerEpoch: true,
  totalSteps: true,
  warmupSteps: true,
};

/** A loss counts as lower when it is lower by this share: torch's default. */
const PLATEAU_THRESHOLD = 1e-4;

/**
 * The factor for step `step`, counted from 0. Throws AttuneError 'usage' for a schedule that there is not, and for
 * settings that are unknown, missing or no numbers.
 * @param losses what 'plateau' goes by: the loss after each epoch so far
 */
export function scheduleFactor(
  schedule: Schedule,
  step: number,
  length: ScheduleLength,
  losses: readonly number[] = [],
): number {
  requireSchedule(schedule, length, 'scheduleFactor');
  const { warmupSteps } = length;
  if (step >= warmupSteps) return factorAt(schedule, step, length, losses);
  return (factorAt(schedule, warmupSteps, length, losses) * (step + 1)) / (warmupSteps + 1);
}

/** The momentum for step `step`; null where the schedule leaves it as it is. Throws as `scheduleFactor` does. */
export function scheduleMomentum(schedule: Schedule, step: number, length: ScheduleLength): number | null {
  requireSchedule(schedule, length, 'scheduleMomentum');
  if (schedule.kind !== 'one-cycle') return null;
  const { momentum, peakMomentum } = schedule;
  return cycle(schedule, timeOf(step, length), [momentum, peakMomentum, momentum]);
}

/** Checks a schedule given from JavaScript, where a slip would make rates that are no numbers, or no schedule at all. */
function requireSchedule(schedule: Schedule, length: ScheduleLength, where: string): void {
  const { kind, ...settings } = Object(schedule) as Schedule;
  refuseUnknownKind(kind, FIELDS, 'schedule', where);
  requireNumbers(settings, FIELDS[kind], `${where}, ${kind}`);
  requireNumbers(length, LENGTH_NAMES, where);
}

/** Every setting of the table is there and a finite number, or a list of them, and there is no other. */
function requireNumbers(settings: object, known: Readonly<Record<string, true>>, where: string): void {
  refuseUnknownOptions(settings, known, where);
  for (const name in known) {
    const value: unknown = settings[name as keyof typeof settings];
    if (Array.isArray(value) ? value.every(Number.isFinite) : Number.isFinite(value)) continue;
    throw new AttuneError({
      code: 'usage',
      what: `${name} is ${value}`,
      where,
      hint: 'a number is expected',
    });
  }
}

/** Steps behind the warm-up, done and in all. */
interface Time {
  readonly t: number;
  readonly total: number;
}

function timeOf(step: number, { totalSteps, warmupSteps }: ScheduleLength): Time {
  const total = Math.max(1, totalSteps - warmupSteps);
  return { t: Math.min(Math.max(0, step - warmupSteps), total), total };
}

function factorAt(
  schedule: Schedule,
  step: number,
  length: ScheduleLength,
  losses: readonly number[],
): number {
  const { stepsPerEpoch } = length;
  const { t, total } = timeOf(step, length);
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'step':
      return schedule.gamma ** Math.floor(step / stepsPerEpoch / schedule.stepSize);
    case 'multi-step':
      return schedule.gamma ** schedule.milestones.filter((epoch) => epoch * stepsPerEpoch <= step).length;
    case 'exponential':
      return schedule.gamma ** Math.floor(step / stepsPerEpoch);
    case 'polynomial':
      return (1 - t / total) ** schedule.power;
    case 'cosine':
      return fall(t / total);
    case 'cosine-restarts':
      return fall(shareOfCycle(t / stepsPerEpoch, schedule.cycleEpochs, schedule.cycleFactor));
    case 'one-cycle': {
      const start = 1 / schedule.divisor;
      return cycle(schedule, { t, total }, [start, 1, start / schedule.finalDivisor]);
    }
    case 'slanted-triangular': {
      const cut = Math.max(1, Math.floor(total * schedule.peak));
      const height = t < cut ? t / cut : 1 - (t - cut) / (cut * (1 / schedule.peak - 1));
      return (1 + Math.max(0, height) * (schedule.divisor - 1)) / schedule.divisor;
    }
    case 'plateau':
      return schedule.gamma ** plateaus(losses, schedule.patience);
  }
}

/** From 1 at 0 to 0 at 1 along half a cosine. */
function fall(x: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * x));
}

/** How much of its cycle is over after `epochs`. */
function shareOfCycle(epochs: number, first: number, factor: number): number {
  let [begin, length] = [0, first];
  while (epochs >= begin + length) {
    begin += length;
    length *= factor;
  }
  return (epochs - begin) / length;
}

/** Along half a cosine from the first value to the second, where the rate is highest, and on to the third. */
function cycle({ peak }: OneCycle, { t, total }: Time, [start, middle, end]: readonly number[]): number {
  const top = peak * total - 1;
  if (top > 0 && t <= top) return middle + (start - middle) * fall(t / top);
  return end + (middle - end) * fall(Math.min(1, (t - top) / (total - 1 - top)));
}

/** How often the loss has not fallen for more than `patience` epochs; counting begins anew after each time. */
function plateaus(losses: readonly number[], patience: number): number {
  let best = Infinity;
  let standing = 0;
  let times = 0;
  for (const loss of losses) {
    if (loss < best * (1 - PLATEAU_THRESHOLD)) {
      best = loss;
      standing = 0;
    } else if (++standing > patience) {
      times++;
      standing = 0;
    }
  }
  return times;
}

/** How `stepLR` steps. */
export interface StepLROptions {
  /** Epochs from one step to the next, at least 1. */
  readonly stepSize: number;
  /** Factor of a step. Default 0.1. */
  readonly gamma?: number;
}

const STEP_LR_NAMES: OptionNames<StepLROptions> = { stepSize: true, gamma: true };

/** A schedule of a loop written by hand. */
export interface StepLR {
  /** Epochs counted. A loop that goes on from `loadTraining` sets it; the next `step` sets the rates. */
  epoch: number;
  /** Counts an epoch and sets the rates of the next one. */
  step(): void;
}

/**
 * torch.optim.lr_scheduler.StepLR for loops written by hand: call `step()` after each epoch. The groups' rates
 * are multiplied by `gamma` every `stepSize` epochs. Throws AttuneError 'usage' for options that are unknown, missing or
 * no numbers.
 */
export function stepLR(
  optimizer: { readonly groups: readonly { lr: number }[] },
  options: StepLROptions,
): StepLR {
  refuseUnknownOptions(options, STEP_LR_NAMES, 'stepLR');
  const { stepSize, gamma = 0.1 } = options;
  requireNumbers({ stepSize, gamma }, STEP_LR_NAMES, 'stepLR');
  const bases = optimizer.groups.map(({ lr }) => lr);
  const scheduler: StepLR = {
    epoch: 0,
    step() {
      scheduler.epoch++;
      optimizer.groups.forEach((group, i) => {
        group.lr = bases[i] * gamma ** Math.floor(scheduler.epoch / stepSize);
      });
    },
  };
  return scheduler;
}
