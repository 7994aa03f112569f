/**
 * GPUs that are lost at random moments, in all that a run does. Every run ends by itself, with the bytes of one that lost
 * nothing, and repeats at most the steps of an epoch.
 */
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { probeAdapters } from '#src/device/webgpu/node';
import type { WebGPUBackend } from '#src/device/webgpu/backend';
import { finetune, type FinetuneOptions, type FinetuneResult, type RunEvent } from '#src/finetune/index';
import { Device } from '#src/program/device';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, readTensors, smallData } from './full-support.js';
import { newFolder, newPath, randomNumbers } from './support.js';

/** How many devices are destroyed; 50 take some minutes on a software adapter. */
const DESTROYS = Number(process.env.ATTUNE_DESTROYS ?? 8);
/** Three batches of six for sixteen pictures. */
const STEPS_OF_EPOCH = 3;

const STRATEGIES = DESTROYS < 30 ? ['probe-then-full'] : ['probe-then-full', 'full', 'gradual'];

/** What the run does at each call of its device, in order. */
let phases: string[] = [];
let phase = 'start';
/** The calls at which the device is destroyed, so many milliseconds later. */
let doomed = new Map<number, number>();

for (const name of ['run', 'read'] as const) {
  const original = Device.prototype[name] as (...args: unknown[]) => Promise<unknown>;
  Object.assign(Device.prototype, {
    [name](this: Device, ...args: unknown[]) {
      phases.push(name === 'read' && /step|valid/.test(phase) ? 'save' : phase);
      const result = original.apply(this, args);
      const delay = doomed.get(phases.length);
      const destroy = () => (this.backend as WebGPUBackend)['device'].destroy();
      if (delay !== undefined) setTimeout(destroy, delay);
      return result;
    },
  });
}

/** Follows what a run does. */
function follow(event: RunEvent): void {
  if (event.type !== 'progress') return;
  const isEpoch = event.task.startsWith('epoch');
  if (isEpoch) phase = event.done === event.total ? 'validation' : 'steps';
  else phase = event.task.startsWith('features') ? 'features' : 'head';
}

interface Loss {
  readonly note: string;
  /** What there was of the run folder; null where there was none. */
  readonly copy: string | null;
}

/** Runs with an empty cache; a copy of the run folder is taken at every loss. */
async function runWith(
  options: FinetuneOptions,
  destroys: ReadonlyMap<number, number>,
): Promise<{ readonly result: FinetuneResult; readonly losses: readonly Loss[] }> {
  process.env.ATTUNE_CACHE = newFolder();
  phases = [];
  phase = 'start';
  doomed = new Map(destroys);
  const losses: Loss[] = [];
  const result = await finetune(options, {
    onEvent(event) {
      follow(event);
      if (event.type !== 'note' || !event.text.includes('the GPU was lost')) return;
      const copy = existsSync(options.out!) ? newPath() : null;
      if (copy !== null) cpSync(options.out!, copy, { recursive: true });
      losses.push({ note: event.text, copy });
    },
  });
  return { result, losses };
}

/** Every file with tensors in a copy of a run folder can be read. */
async function assertReadable({ copy }: Loss): Promise<void> {
  const files = copy === null ? [] : readdirSync(copy).filter((file) => file.endsWith('.safetensors'));
  for (const file of files) assert.ok((await readTensors(join(copy!, file))).size > 0, file);
}

test(`${DESTROYS} devices are destroyed at random moments: the bytes of runs that lost nothing`, async () => {
  const [{ adapter } = { adapter: '' }] = await probeAdapters();
  const data = smallData();
  const random = randomNumbers(7);
  const below = (end: number) => Math.floor(random() * end);
  const hits: Record<string, number> = {};
  let [unsaved, most] = [0, 0];
  for (const [s, strategy] of STRATEGIES.entries()) {
    const epochs = strategy === 'gradual' ? 4 : 2;
    const options = () => fullRun(data, { strategy, epochs, batchSize: 6, device: 'webgpu', adapter });
    const { result: whole } = await runWith(options(), new Map());
    assert.is(whole.device_losses, 0);
    const undisturbed = phases;
    const kinds = [...new Set(undisturbed)];
    for (let i = s; i < DESTROYS; i += STRATEGIES.length) {
      // The phases take turns; a phase may have ended when the device goes.
      const kind = kinds[Math.floor(i / STRATEGIES.length) % kinds.length]!;
      const calls = undisturbed.flatMap((name, call) => (name === kind ? [call + 1] : []));
      const { result, losses } = await runWith(
        options(),
        new Map([[calls[below(calls.length)]!, below(20)]]),
      );
      assert.is(result.device_losses, losses.length);
      assert.equal(result.test, whole.test);
      await assertSameRuns(result.run, whole.run);
      const [loss] = losses;
      const what = loss === undefined ? 'after the end' : kind;
      hits[what] = (hits[what] ?? 0) + 1;
      if (loss === undefined) continue;
      await assertReadable(loss);
      const repeated = /(\d+) steps? (is|are) repeated\.$/.exec(loss.note);
      if (repeated === null) {
        assert.match(loss.note, /Nothing was saved yet, so the run begins again/);
        unsaved++;
      } else most = Math.max(most, Number(repeated[1]));
      assert.ok(most <= STEPS_OF_EPOCH, loss.note);
    }
  }
  console.log(
    `# ${DESTROYS} lost in ${JSON.stringify(hits)}: ${unsaved} before the first save, at most ${most} steps repeated`,
  );
});

test.run();
