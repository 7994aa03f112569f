/**
 * Ctrl-C while the real program opens a run whose state has the longest list of images that fits: the whole of it, from the
 * first byte to the images that are compared.
 */
import { test } from 'uvu';
import { changeState } from '../finetune/changed-state.js';
import { fullRun, interrupted, smallData } from '../finetune/full-support.js';
import { assertEndsSoon } from './interrupted-support.js';

const IMAGES = 540_000;

/** A run that has done nothing yet, of many images that are nowhere. */
async function largeRun(): Promise<string> {
  const { run } = await interrupted(1, fullRun(smallData()));
  await changeState(run, (state) => {
    const hash = '0'.repeat(64);
    const [image] = state.images.train as readonly { readonly path: string }[];
    const folder = image!.path.slice(0, 20);
    const many = Array.from({ length: IMAGES }, (_, i) => {
      const name = `ant/${i}.png`;
      return { path: `${folder}/${name}`, name, target: i % 2, hash };
    });
    const nothing = { epoch: 0, batch: 0, step: 0, random: 0, loss: 0, correct: 0, images: 0 };
    const progress = { ...state.progress, ...nothing, timed_images: 0, timed_seconds: 0 };
    const images = { ...state.images, train: many };
    Object.assign(state, { images, progress, epochs: [], best: null, optimizer_steps: 0 });
  });
  return run;
}

const run = await largeRun();

for (const seconds of [0.6, 1, 2, 4]) {
  test(`SIGINT ${seconds} s after a state of 100 MB began to be read`, async () => {
    const words = ['finetune', '--resume', run];
    const sentence =
      /^attune: (?:reading|the run) was interrupted: (?:what was computed is kept; )?run the same command again$/m;
    await assertEndsSoon(`${seconds} s`, words, { after: 1000 * seconds, sentence });
  });
}

test.run();
