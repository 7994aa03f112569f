/** Schedules beside PyTorch's, their warm-up, and their ends. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Schedule,
  type ScheduleLength,
  scheduleFactor,
  scheduleMomentum,
  stepLR,
} from '#src/optim/index';
import { golden } from '../ops/golden-suite.js';
import { assertClose } from '../ops/support.js';

interface ScheduleCase {
  readonly name: string;
  readonly schedule: Schedule;
  readonly length: ScheduleLength;
  /** Of the epochs, for 'plateau'. */
  readonly losses: readonly number[];
  readonly factors: readonly number[];
  readonly momenta: readonly number[] | null;
}

/** PyTorch multiplies rates step by step, so its last digits are worth less than those of a formula. */
const TOLERANCE = { absolute: 1e-12, relative: 1e-11 };

for (const { name, schedule, length, losses, factors, momenta } of golden<ScheduleCase[]>('schedules.json')) {
  test(`${name}: fifty steps as PyTorch takes them`, () => {
    const steps = factors.map((_, step) => step);
    const known = (step: number) => losses.slice(0, Math.floor(step / length.stepsPerEpoch));
    const found = steps.map((step) => scheduleFactor(schedule, step, length, known(step)));
    assertClose(Float64Array.from(found), factors, TOLERANCE, 'factors');
    assert.ok(new Set(found).size > 1, 'it is no constant');
    const moved = steps.map((step) => scheduleMomentum(schedule, step, length));
    if (momenta === null) assert.ok(moved.every((momentum) => momentum === null));
    else assertClose(Float64Array.from(moved as number[]), momenta, TOLERANCE, 'momenta');
  });
}

/** One of each, in 40 steps of 4 epochs. */
const EACH: readonly Schedule[] = [
  { kind: 'constant' },
  { kind: 'step', stepSize: 2, gamma: 0.1 },
  { kind: 'multi-step', milestones: [1, 3], gamma: 0.1 },
  { kind: 'exponential', gamma: 0.5 },
  { kind: 'polynomial', power: 2 },
  { kind: 'cosine' },
  { kind: 'cosine-restarts', cycleEpochs: 1, cycleFactor: 2 },
  { kind: 'one-cycle', peak: 0.3, divisor: 25, finalDivisor: 1e4, momentum: 0.95, peakMomentum: 0.85 },
  { kind: 'slanted-triangular', peak: 0.1, divisor: 32 },
  { kind: 'plateau', gamma: 0.1, patience: 0 },
];

test('the warm-up rises evenly from nothing to where the schedule begins', () => {
  const length = { stepsPerEpoch: 10, totalSteps: 40, warmupSteps: 4 };
  for (const schedule of EACH) {
    const factor = (step: number) => scheduleFactor(schedule, step, length);
    const begins = factor(4);
    for (let step = 0; step < 4; step++) {
      assert.ok(Math.abs(factor(step) - (begins * (step + 1)) / 5) < 1e-15, `${schedule.kind} at ${step}`);
    }
    const rises = schedule.kind === 'one-cycle' || schedule.kind === 'slanted-triangular';
    assert.ok(Math.abs(begins - (rises ? 1 / schedule.divisor : 1)) < 1e-15, schedule.kind);
  }
});

test('every factor lies between 0 and 1, in stages of a single step and beyond the end, too', () => {
  for (const totalSteps of [1, 2, 3, 40]) {
    const length = { stepsPerEpoch: Math.min(10, totalSteps), totalSteps, warmupSteps: 0 };
    for (const schedule of EACH) {
      for (let step = 0; step <= totalSteps + 2; step++) {
        const factor = scheduleFactor(schedule, step, length, [1, 2, 3]);
        assert.ok(factor >= 0 && factor <= 1, `${schedule.kind} at ${step} of ${totalSteps}: ${factor}`);
        const momentum = scheduleMomentum(schedule, step, length);
        assert.ok(momentum === null || (momentum >= 0.85 && momentum <= 0.95), `momentum ${momentum}`);
      }
    }
  }
});

test('a loss that stands still lowers the rate of plateau, a lower one does not', () => {
  const length = { stepsPerEpoch: 1, totalSteps: 9, warmupSteps: 0 };
  const after = (...losses: number[]) =>
    scheduleFactor({ kind: 'plateau', gamma: 0.5, patience: 1 }, losses.length, length, losses);
  assert.is(after(), 1);
  assert.is(after(3, 2, 1), 1);
  assert.is(after(3, 3), 1);
  assert.is(after(3, 3, 3), 0.5);
  assert.is(after(3, 3, 3, 3, 3), 0.25);
  assert.is(after(3, 3, 3, 2, 2), 0.5, 'the count begins anew');
  assert.is(after(3, 3 * (1 - 1e-5), 3 * (1 - 2e-5)), 0.5, 'too little counts as standing still');
  assert.is(after(Infinity, Infinity, Infinity), 0.5, 'as does no number at all');
});

test('a schedule that there is not, and settings that it does not know or lacks, are refused', () => {
  const length = { stepsPerEpoch: 1, totalSteps: 9, warmupSteps: 0 };
  const refused = (schedule: unknown, words: RegExp, others: unknown = length) => {
    for (const of of [scheduleFactor, scheduleMomentum])
      assert.throws(() => of(schedule as never, 1, others as never), words);
  };
  refused({ kind: 'cosin' }, /^there is no schedule cosin \(schedule\w+\): did you mean cosine\?$/);
  refused({ kind: 'constructor' }, /^there is no schedule constructor .* there are constant, step/);
  refused('step', /^there is no schedule undefined/);
  refused(
    { kind: 'step', step_size: 2, gamma: 0.1 },
    /^there is no option step_size \(schedule\w+, step\): did you mean stepSize\?$/,
  );
  refused({ kind: 'step', gamma: 0.1 }, /^stepSize is undefined .*: a number is expected$/);
  refused({ kind: 'multi-step', milestones: [1, '2'], gamma: 0.1 }, /^milestones is 1,2/);
  refused({ kind: 'cosine', gamma: 0.1 }, /^there is no option gamma .*: leave it out$/);
  refused({ kind: 'cosine' }, /^totalSteps is undefined/, { stepsPerEpoch: 1, warmupSteps: 0 });
  refused({ kind: 'cosine' }, /^there is no option warmup .*: did you mean warmupSteps\?$/, {
    ...length,
    warmup: 1,
  });
});

test('stepLR with options that would give rates of NaN is refused', () => {
  const optimizer = { groups: [{ lr: 1 }] };
  const refused = (options: unknown, words: RegExp) =>
    assert.throws(() => stepLR(optimizer, options as never), words);
  refused({ step_size: 7 }, /^there is no option step_size \(stepLR\): did you mean stepSize\?$/);
  refused({}, /^stepSize is undefined \(stepLR\): a number is expected$/);
  refused(undefined, /^the options are missing \(stepLR\): give an object of options: stepSize, gamma$/);
  refused({ stepSize: 7, gamma: '0.1' }, /^gamma is 0.1/);
});

test.run();
