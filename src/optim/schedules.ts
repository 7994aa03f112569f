/**
 * Learning-rate schedules: the factor on the base rate as a pure function of the global step, so that a resumed
 * run has the rates of one that was never stopped.
 */
export type Schedule =
  | { readonly kind: 'constant' }
  /** torch's StepLR: times `gamma` after every `stepSize` epochs. */
  | { readonly kind: 'step'; readonly stepSize: number; readonly gamma: number }
  /** From 1 to 0 along half a cosine (Loshchilov and Hutter, SGDR, 2017). */
  | { readonly kind: 'cosine' };

/** How long a stage is, in optimiser steps. */
export interface ScheduleLength {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Steps over which the rate rises linearly from nothing; the schedule proper begins after them. */
  readonly warmupSteps: number;
}

/** The factor for step `step`, counted from 0. */
export function scheduleFactor(schedule: Schedule, step: number, length: ScheduleLength): number {
  const { stepsPerEpoch, totalSteps, warmupSteps } = length;
  if (step < warmupSteps) return (step + 1) / (warmupSteps + 1);
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'step':
      return schedule.gamma ** Math.floor(step / stepsPerEpoch / schedule.stepSize);
    case 'cosine': {
      const span = Math.max(1, totalSteps - warmupSteps);
      return 0.5 * (1 + Math.cos((Math.PI * (step - warmupSteps)) / span));
    }
  }
}

/** A schedule of a loop written by hand. */
export interface StepLR {
  /** Counts an epoch and sets the rates of the next one. */
  step(): void;
}

/**
 * torch.optim.lr_scheduler.StepLR for loops written by hand: call `step()` after each epoch. The groups' rates
 * are multiplied by `gamma` every `stepSize` epochs.
 */
export function stepLR(
  optimizer: { readonly groups: readonly { lr: number }[] },
  { stepSize, gamma = 0.1 }: { readonly stepSize: number; readonly gamma?: number },
): StepLR {
  const bases = optimizer.groups.map(({ lr }) => lr);
  let epoch = 0;
  return {
    step() {
      epoch++;
      optimizer.groups.forEach((group, i) => {
        group.lr = bases[i] * gamma ** Math.floor(epoch / stepSize);
      });
    },
  };
}
