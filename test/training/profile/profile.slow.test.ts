/**
 * A profile of real runs: it changes nothing, and it tells a device that waits for images from one that does not.
 * Device and loader are slowed down by pauses, so that neither needs the processor of the other.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochOptions } from '#src/inputs/index';
import { finetune } from '#src/finetune/index';
import { Profile } from '#src/training/profile/profile';
import { withRun } from '#src/finetune/run/prepare-run';
import { EMPTY_EPOCH } from '#src/training/epoch-end';
import { makeOptimizer } from '#src/training/step/parameter-groups';
import { lastStage, setTrainable } from '#src/training/step/stages';
import { Trainer } from '#src/training/trainer';
import { replaceHead } from '#src/models/index';
import type { Device } from '#src/program/device';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameTensors, CLASSES, fullRun, smallData } from '../../finetune/full-support.js';
import { imageFolderOf, newFolder } from '../../finetune/support.js';

test('a profiled run has the same weights, a trace of its first epoch, and a summary', async () => {
  const data = smallData();
  const plain = await finetune(fullRun(data));
  const { run, profile } = await finetune(fullRun(data, { profile: true }));
  for (const name of ['best', 'last', 'state'])
    await assertSameTensors(join(run, `${name}.safetensors`), join(plain.run, `${name}.safetensors`));
  assert.not.ok('profile' in plain);
  const { trace, steps, memory, kernels, device_times, ...shares } = profile!;
  assert.is(trace, join(run, 'trace.json'));
  assert.is(steps, 2, 'the first epoch');
  assert.is(device_times, 'launches');
  const { computing, waiting_for_data, waiting_otherwise, loader } = shares;
  assert.ok(Math.abs(computing + waiting_for_data + waiting_otherwise - 1) < 1e-9, 'shares of one time');
  assert.ok(loader.threads >= 1 && loader.busy >= 0 && loader.busy <= 1, `${loader.busy}`);
  assert.ok(memory.lower_bound_bytes > 0 && memory.ratio >= 1 && memory.ratio < 1.15, `${memory.ratio}`);
  assert.ok(kernels.some(({ kernel }) => kernel === 'conv2dWeightGradient'));
  assert.ok(Math.abs(kernels.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);

  const events = JSON.parse(readFileSync(trace, 'utf8')) as Event[];
  assert.is(
    events.filter(({ ph, name }) => ph === 'X' && name === 'augment').length,
    16,
    'every image has its place among the workers',
  );
  const tracks = new Map<string, Event[]>();
  for (const event of events.filter(({ ph }) => ph === 'X')) {
    const track = `${event.pid}/${event.tid}`;
    tracks.set(track, [...(tracks.get(track) ?? []), event]);
  }
  for (const [track, own] of tracks) {
    own.sort((a, b) => a.ts - b.ts);
    for (const [i, { ts, dur }] of own.slice(0, -1).entries()) {
      assert.ok(ts + dur <= own[i + 1]!.ts + 0.01, `events of track ${track} overlap at ${ts}`);
    }
  }
});

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
}

const STEPS = 12;

test('a device that is slower than the loader never waits for data', async () => {
  const { waiting_for_data, loader, steps } = await profileOf({ device: 100, loader: 0 });
  console.log(`# the device waits ${(100 * waiting_for_data).toFixed(2)} % of the time`);
  assert.ok(loader.busy < 0.5, `the loader has time: ${loader.busy}`);
  assert.is(steps, STEPS - 3);
  assert.ok(waiting_for_data < 0.05, `${waiting_for_data}`);
});

test('a loader that is slower than the device shows', async () => {
  const { waiting_for_data, trace } = await profileOf({ device: 0, loader: 80 });
  console.log(`# the device waits ${(100 * waiting_for_data).toFixed(2)} % of the time`);
  assert.ok(waiting_for_data > 0.4, `${waiting_for_data}`);
  const events = JSON.parse(readFileSync(trace, 'utf8')) as Event[];
  const waits = events.filter(({ name }) => name === 'wait for data').map(({ dur }) => dur);
  assert.ok(waits.filter((dur) => dur > 20_000).length > STEPS / 2, `${waits}`);
});

/**
 * The profile of some steps, each of which takes so many milliseconds more on the device, or each image,
 * one after the other, in the loader.
 */
async function profileOf(pause: { device: number; loader: number }) {
  const options = fullRun(imageFolderOf(CLASSES, 2 * STEPS), { valSplit: 0, batchSize: 4, augment: 'flip' });
  return withRun(
    options,
    {},
    {
      async work({ loaded, recipe, data, device }) {
        const { model } = loaded;
        replaceHead(model, data.task.names.length, recipe.seed);
        await setTrainable(model, lastStage(model, recipe), 'frozen');
        await model.to(device);
        const optimizer = makeOptimizer(model, recipe);
        const profile = new Profile(device, newFolder(), STEPS, {});
        if (pause.device > 0) slowDown(device, pause.device);
        const { training } = data;
        data.observe(profile.loaderWork);
        const slowed = {
          ...training,
          async *batches(options: EpochOptions) {
            for await (const batch of training.batches(options)) {
              if (pause.loader > 0) await sleep(pause.loader * batch.size);
              yield batch;
            }
          },
        };
        try {
          await new Trainer({
            ...{ device, model, task: data.task, optimizer, recipe, profile },
            frozen: {
              device: { kind: 'cpu', adapter: '', software: false },
              micro_batch: 4,
              batch_norm: 'frozen',
              variants: {},
            },
            training: slowed,
            progress: { epoch: 0, batch: 0, step: 0, random: 0, ...EMPTY_EPOCH },
            valLosses: () => [],
          }).trainEpoch();
          await profile.end();
          return profile.summary!;
        } finally {
          optimizer.close();
        }
      },
    },
  );
}

/** Makes every run of a device longer, one after the other, without work for the processor. */
function slowDown({ backend }: Device, milliseconds: number): void {
  const execute = backend.execute.bind(backend);
  let last: Promise<unknown> = Promise.resolve();
  backend.execute = async (prepared, uploads, step, reads, onTimes) => {
    const queued = performance.now();
    const result = execute(prepared, uploads, step, reads);
    const ended = Promise.all([result, last]).then(() => sleep(milliseconds));
    last = ended.catch(() => undefined);
    await ended;
    onTimes?.({ queued, ended: performance.now(), launches: null });
    return result;
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

test.run();
