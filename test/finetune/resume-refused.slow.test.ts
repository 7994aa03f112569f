/** Runs that cannot go on: each is refused with its reason, and nothing is written. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openRunState } from '#src/runs/run-state';
import { changeState, type LooseState } from './changed-state.js';
import { eventFiles } from './event-support.js';
import { fullRun, interrupted, smallData } from './full-support.js';
import { fails, listener, newFolder, newPath, picture } from './support.js';

const data = smallData();

/** A copy of the run that is stopped after three batches: one epoch of two. */
let stopped: string | undefined;
async function stoppedRun(): Promise<string> {
  stopped ??= (await interrupted(3, fullRun(data))).run;
  const copy = newPath();
  cpSync(stopped, copy, { recursive: true });
  return copy;
}

test('images that have changed are refused with their number; nothing is written', async () => {
  const run = await stoppedRun();
  const names = ['train/ant/ant-0.png', 'train/bee/bee-3.png', 'val/ant/ant-101.png'].map((name) =>
    join(data, name),
  );
  const before = names.map((name) => readFileSync(name));
  const state = readFileSync(join(run, 'state.safetensors'));
  writeFileSync(names[0]!, picture(0, 900));
  rmSync(names[1]!);
  copyFileSync(names[0]!, names[2]!);
  await fails(
    resume({ resume: run }),
    'data',
    /^3 files have changed or gone since the run began \(.*\): put them back/,
  );
  for (const [i, name] of names.entries()) writeFileSync(name, before[i]!);
  writeFileSync(names[1]!, 'no image');
  await fails(resume({ resume: run }), 'data', /^1 file has changed/);
  writeFileSync(names[1]!, before[1]!);
  assert.ok(readFileSync(join(run, 'state.safetensors')).equals(state));
  await resume({ resume: run });
});

test('another device is refused unless it is named', async () => {
  const run = await stoppedRun();
  await changeState(run, ({ frozen }) => {
    frozen.device.adapter = 'Abacus';
  });
  await fails(
    resume({ resume: run }),
    'device',
    /^the run was computed on Abacus \(cpu\), this is .* \(cpu\) \(--resume\): name the device to go on with, as in --device cpu/,
  );
  const context = listener();
  const result = await resume({ resume: run, device: 'cpu' }, context);
  assert.not.equal(result.device.adapter, 'Abacus');
  assert.ok(context.events.some((event) => event.type === 'note' && /Abacus.*last digits/.test(event.text)));
});

/** As states were before format 8. */
function withLabels({ images }: LooseState): void {
  for (const image of Object.values(images).flat() as { target?: number; label?: number }[]) {
    Object.assign(image, { label: image.target });
    delete image.target;
  }
}

test('a damaged state is refused with what is wrong', async () => {
  const run = await stoppedRun();
  await changeState(run, ({ progress }) => {
    progress.step = -1;
  });
  await fails(resume({ resume: run }), 'weights', /the state of the run is wrong at progress\.step/);
  await changeState(run, (state) => {
    state.progress.step = 3;
    state.recipe.epochz = 4;
  });
  await fails(
    resume({ resume: run }),
    'input',
    /^the recipe has an unknown field epochz .*: did you mean epochs\?/,
  );
});

/** Each contradicts the recipe, or what else the state says: an epoch of two batches and one batch of the next. */
const CONTRADICTIONS: readonly (readonly [field: string, change: (state: LooseState) => void])[] = [
  ['frozen.micro_batch', ({ frozen }) => Object.assign(frozen, { micro_batch: 0 })],
  ['frozen.micro_batch', ({ frozen }) => Object.assign(frozen, { micro_batch: 9 })],
  ['frozen.micro_batch', ({ recipe }) => Object.assign(recipe, { micro_batch: 4 })],
  ['recipe.strategy', ({ recipe }) => Object.assign(recipe, { strategy: 'probe' })],
  ['model', (state) => Object.assign(state, { model: 'resnet50' })],
  ['input.settings.crop', ({ input }) => Object.assign(input.settings, { crop: 4096 })],
  ['images.train', ({ images }) => Object.assign(images, { train: [] })],
  ['task.classes', ({ task }) => Object.assign(task, { classes: ['ant', 'bee', 'cat'] })],
  ['images.val.1', ({ images }) => Object.assign(images.val[1]!, { target: 2 })],
  ['images.test.0.target', ({ images }) => Object.assign(images.test[0]!, { target: [1] })],
  ['progress.epoch', ({ progress }) => Object.assign(progress, { epoch: 3 })],
  ['progress.batch', ({ progress }) => Object.assign(progress, { batch: 3 })],
  ['progress.batch', ({ progress }) => Object.assign(progress, { epoch: 2, step: 5 })],
  ['progress.step', ({ progress }) => Object.assign(progress, { step: 2 })],
  ['progress.random', ({ progress }) => Object.assign(progress, { random: 2 })],
  ['progress.random', ({ progress }) => Object.assign(progress, { random: 1e15 })],
  ['progress.images', ({ progress }) => Object.assign(progress, { images: 10 })],
  ['progress.correct', ({ progress }) => Object.assign(progress, { correct: 9 })],
  ['progress.seconds', ({ progress }) => Object.assign(progress, { seconds: -1 })],
  ['optimizer_steps', (state) => Object.assign(state, { optimizer_steps: 4 })],
  ['epochs', (state) => Object.assign(state, { epochs: [] })],
  ['best.epoch', ({ best }) => Object.assign(best, { epoch: 2 })],
  ['explosions', (state) => Object.assign(state, { explosions: [{ step: 1, from_step: 2 }] })],
  ['temperature', (state) => Object.assign(state, { temperature: 0 })],
];

test('a state that contradicts its recipe or itself is refused before anything is made of it', async () => {
  for (const [field, change] of CONTRADICTIONS) {
    const run = await stoppedRun();
    await changeState(run, change);
    const words = new RegExp(
      `^the state of the run (is wrong|contradicts itself) at ${field.replaceAll('.', '\\.')}:`,
    );
    await fails(openRunState(run), 'weights', words);
  }
  const run = await stoppedRun();
  await changeState(run, ({ task, images }) => {
    Object.assign(task, { classes: ['ant', 'bee', 'cat'] });
    Object.assign(images.train[0]!, { target: 2 });
  });
  await fails(resume({ resume: run }), 'weights', /^there is no head of 3 outputs/);
});

test('a state that names its event file elsewhere, or a link there, is refused; what it names stays as it is', async () => {
  const mine = join(newFolder(), 'events.out.tfevents.1.mine');
  writeFileSync(mine, "the user's own");
  const run = await stoppedRun();
  for (const file of [mine, '../events.out.tfevents.1.mine']) {
    await changeState(run, (state) => Object.assign(state, { events: { file, bytes: 0 } }));
    await fails(resume({ resume: run }), 'weights', /the state of the run is wrong at events\.file/);
  }
  if (process.platform === 'win32') return;
  const [name] = eventFiles(run);
  await changeState(run, (state) => Object.assign(state, { events: { file: name, bytes: 0 } }));
  rmSync(join(run, name!));
  symlinkSync(mine, join(run, name!));
  await fails(
    resume({ resume: run }),
    'input',
    /^this is a symbolic link, where a run has a file of its own/,
  );
  assert.is(readFileSync(mine, 'utf8'), "the user's own");
});

test('a state of another version is no damaged one', async () => {
  const run = await stoppedRun();
  const version = (attune_run: string) => changeState(run, () => undefined, { attune_run });
  await version('1');
  await fails(
    resume({ resume: run }),
    'input',
    /^the run was saved by an older version of attune, .*: start the run anew; its best\.safetensors can be used/,
  );
  await changeState(run, ({ recipe }) => void delete recipe.seed, { attune_run: '2' });
  await fails(resume({ resume: run }), 'input', /saved by an older version of attune/);
  await version('9');
  await fails(resume({ resume: run }), 'input', /saved by another version of attune.*: update attune; /);
});

test('a state whose choices of variants held for either precision is one to go on from in float32', async () => {
  const run = await stoppedRun();
  const variants = { 'conv2d 3x3/1x1 8>8 at 64': 'tile32Vec4' };
  const older = (state: LooseState) => {
    Object.assign(state.frozen, { variants });
    withLabels(state);
  };
  await changeState(run, older, { attune_run: '5' });
  await (await openRunState(run)).file.close();
  await changeState(run, ({ recipe }) => Object.assign(recipe, { precision: 'mixed' }));
  await fails(resume({ resume: run }), 'input', /saved by an older version of attune/);
});

test('a state whose images have labels, as those before format 8, is read as one whose images have targets', async () => {
  const run = await stoppedRun();
  const imagesOf = async () => {
    const { state, file } = await openRunState(run);
    await file.close();
    return state.images;
  };
  const images = await imagesOf();
  await changeState(run, withLabels, { attune_run: '7' });
  assert.equal(await imagesOf(), images);
  await changeState(run, () => undefined, { attune_run: '8' });
  await fails(openRunState(run), 'weights', /^the state of the run is wrong at images\.train\.0/);
});

test('what is no run with a full stage is refused', async () => {
  const empty = newPath();
  await fails(resume({ resume: empty }), 'input', /^there is no such run \(.*\): /);
  mkdirSync(empty);
  await fails(
    resume({ resume: empty }),
    'input',
    /^there is no state\.safetensors, so this is no run folder/,
  );
  const { run } = await finetune({
    ...{ data, device: 'cpu', model: 'resnet-small', weights: 'none', out: newPath() },
    ...{ strategy: 'probe', headEpochs: 1 },
  });
  await fails(resume({ resume: run }), 'input', /^the run has no stage to resume: a probe is done at once/);
});
test.run();
