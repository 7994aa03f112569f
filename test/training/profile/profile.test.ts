/** What a profile concludes from what it has seen, and where it is refused. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ExecutionTimes } from '#src/device/backend';
import { Profile } from '#src/training/profile/profile';
import type { Recorded } from '#src/training/profile/recorded';
import { busyStretches, summarizeProfile, without } from '#src/training/profile/summary';
import { tracePieces } from '#src/training/profile/trace';
import { refuseIdleProfile } from '#src/recipe/contradictions';
import type { Device, ObservedRun } from '#src/program/device';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newFolder } from '../../finetune/support.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const device = { info: { kind: 'webgpu', adapter: 'some "GPU"', software: false } } as Device;
const program = { launches: 2, peakBytes: 300, lowerBoundBytes: 250 };

/** The clock of the device is this far behind that of the host, in milliseconds. */
const BEHIND = 1000;

/** A run of two launches of a device clock, from `begin` to `end` by that of the host; its end is known `late`. */
function run(begin: number, end: number, late: number, queued = begin): ObservedRun {
  const middle = (begin + 3 * end) / 4;
  const launch = (kernel: string, from: number, to: number) => ({
    kernel,
    variant: 'plain',
    attributes: { rows: 3, epilogue: {} },
    begin: (from - BEHIND) * 1e6,
    nanoseconds: (to - from) * 1e6,
  });
  const launches = [launch('conv2d', begin, middle), launch('relu', middle, end)];
  return { queued, ended: end + late, launches, program };
}

const untimed = ({ queued, ended }: ExecutionTimes): ObservedRun => ({
  queued,
  ended,
  launches: null,
  program,
});

/** Two steps of 100 ms that count, behind one that does not: the second waits 40 ms for its data, the device 30 ms. */
const recorded: Recorded = {
  device,
  host: [
    { name: 'wait for data', begin: 2000, end: 2010 },
    { name: 'wait for data', begin: 2200, end: 2240 },
    { name: 'record step', begin: 2240, end: 2250 },
  ],
  loader: [
    { kind: 'augment', path: 'a\n"b".png', lane: 1, begin: 2001, end: 2003 },
    { kind: 'augment', path: 'c.png', lane: 0, begin: 2090, end: 2110 },
    { kind: 'augment', path: 'd.png', lane: 1, begin: 2150, end: 2220 },
  ],
  loaderThreads: 2,
  runs: [run(2020, 2090, 5), run(2105, 2210, 0), run(2250, 2299, 1)],
  began: 2000,
  steps: [2100, 2200, 2300],
  warmUp: 1,
};

test('the device waits for data where it is idle and the loop has none; kernels have their shares', () => {
  const summary = summarizeProfile(recorded, 'run');
  assert.is(summary.steps, 2);
  assert.is(summary.device_times, 'launches');
  // Of 200 ms: idle to 2105, from 2210 to 2250 and from 2299 on; data was waited for from 2210 to 2240 of that.
  assert.ok(Math.abs(summary.waiting_for_data - 30 / 200) < 1e-9, `${summary.waiting_for_data}`);
  assert.ok(Math.abs(summary.computing - 154 / 200) < 1e-9, `${summary.computing}`);
  assert.ok(Math.abs(summary.waiting_otherwise - 16 / 200) < 1e-9, `${summary.waiting_otherwise}`);
  // The steps that count begin at 2100: 10 of the 20 ms of the one thread, 70 ms of the other.
  assert.is(summary.loader.threads, 2);
  assert.ok(Math.abs(summary.loader.busy - 80 / 400) < 1e-9, `${summary.loader.busy}`);
  assert.equal(
    summary.kernels.map(({ kernel, launches, share }) => [kernel, launches, Number(share.toFixed(6))]),
    [
      ['conv2d', 2, 0.75],
      ['relu', 2, 0.25],
    ],
  );
  assert.equal(summary.memory, { peak_bytes: 300, lower_bound_bytes: 250, ratio: 1.2 });
});

test('without a clock of the device a run lasts from its submit, or the end before it, to its fence', () => {
  const runs = [run(0, 10, 2), run(10, 30, 1, 4), run(50, 60, 3)].map(untimed);
  assert.equal(busyStretches({ runs }), [
    { begin: 0, end: 12 },
    { begin: 12, end: 31 },
    { begin: 50, end: 63 },
  ]);
  const summary = summarizeProfile({ ...recorded, runs: recorded.runs.map(untimed) }, 'run');
  assert.is(summary.device_times, 'runs');
  assert.equal(summary.kernels, []);
  assert.equal(without({ begin: 0, end: 9 }, []), [{ begin: 0, end: 9 }]);
});

test('a trace is an array of complete events with names for its tracks', () => {
  type Event = Readonly<Record<'ph' | 'name', string> & Record<'pid' | 'tid' | 'ts' | 'dur', number>>;
  const events = JSON.parse([...tracePieces(recorded)].join('')) as (Event & {
    args: Record<string, unknown>;
  })[];
  const named = events.filter(({ ph, name }) => ph === 'M' && name === 'thread_name');
  const complete = events.filter(({ ph }) => ph === 'X');
  assert.is(complete.length, 3 + 3 + 3 + 3 + 6);
  assert.equal(complete, events.slice(-complete.length), 'names come first');
  for (const [i, { pid, tid, ts, dur }] of complete.entries()) {
    assert.ok(dur >= 0 && ts >= (complete[i - 1]?.ts ?? 0), 'in order');
    assert.ok(
      named.some((event) => event.pid === pid && event.tid === tid),
      `track ${pid}/${tid}`,
    );
  }
  const labels = (text: string) => events.some(({ args }) => args['labels'] === text);
  assert.ok(labels('launches by timestamp queries'));
  const relu = complete.find(({ name }) => name === 'relu')!;
  assert.equal([relu.ts, relu.dur, relu.args], [72_500, 17_500, { variant: 'plain', rows: 3 }]);
  const other = JSON.parse(
    [...tracePieces({ ...recorded, runs: recorded.runs.map(untimed) })].join(''),
  ) as typeof events;
  assert.ok(other.some(({ args }) => args['labels'] === 'no timestamps: from submit to the fence behind it'));
});

test('a trace is made event by event, as it is written', () => {
  let made = 0;
  const launch = {
    ...{ kernel: 'relu', variant: 'plain', begin: 0, nanoseconds: 1 },
    get attributes() {
      made++;
      return {};
    },
  };
  const runs = Array.from({ length: 50 }, (_, i) => ({
    ...{ queued: i, ended: i + 1, program },
    launches: Array.from({ length: 100 }, () => launch),
  }));
  let pieces = 0;
  for (const piece of tracePieces({ ...recorded, runs })) {
    assert.ok(piece.length < 400, piece);
    pieces++;
    assert.ok(made <= pieces, `${made} launches were looked at for ${pieces} pieces`);
  }
  assert.is(made, 5000);
});

test('what a profile has seen is gone once it is written', async () => {
  let observer: ((run: ObservedRun) => void) | null = null;
  const observed = {
    ...device,
    observe: (given: typeof observer) => {
      observer = given;
    },
  } as unknown as Device;
  const profile = new Profile(observed, newFolder(), 1, {});
  const seen = await (async () => {
    for await (const _ of profile.batches(oneBatch(), 2)) {
      const one = run(2020, 2090, 5);
      observer!(one);
      profile.stepFinished();
      return new WeakRef(one);
    }
    return null;
  })();
  await profile.end();
  assert.is(profile.summary?.kernels.length, 0, 'the step began after the launches');
  collectGarbage();
  assert.is(seen?.deref(), undefined);
});

async function* oneBatch() {
  yield 1;
}

test('a profile of no steps is refused, and a number of steps without one', () => {
  const full = { strategy: 'full', epochs: 3 } as const;
  assert.throws(
    () => refuseIdleProfile({ profileSteps: 9 }, full),
    /no steps are profiled \(--profile-steps\)/,
  );
  assert.throws(() => refuseIdleProfile({ profile: true }, { ...full, strategy: 'probe' }), /has none/);
  assert.throws(() => refuseIdleProfile({ profile: true }, { ...full, epochs: 0 }), /has none/);
  refuseIdleProfile({ profile: true, profileSteps: 9 }, full);
  refuseIdleProfile({}, { ...full, strategy: 'probe' });
});

test.run();
