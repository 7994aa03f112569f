/** What a run does with bad input: each cause has its code and its sentence, before anything is written. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finetune, type FinetuneOptions, type RunEvent } from '#src/finetune/index';
import { writeSafetensors } from '#src/formats/index';
import { gatherRun } from '#src/report/gather/gather-run';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  countOf,
  fails,
  imageFolderOf,
  listener,
  newFolder,
  newPath,
  picture,
  pictures,
  imagenetWeights,
  scratch,
  smallRun,
  writeFiles,
} from './support.js';

const good = imageFolderOf(['a', 'b'], 4);

/** Runs `data` and expects a failure that leaves no run folder and computes no feature. */
async function refuses(
  data: string,
  code: Parameters<typeof fails>[1],
  words: RegExp,
  more: Partial<FinetuneOptions> = {},
): Promise<void> {
  const options = await smallRun(data, more);
  const context = listener();
  await fails(finetune(options, context), code, words);
  if (more.out === undefined) assert.not.ok(existsSync(options.out!), 'a run folder was left behind');
  assert.is(countOf(context.events, 'features'), 0);
}

test('a folder that is missing, empty, or has one class', async () => {
  await refuses(newPath(), 'input', /path-\d+/);
  await refuses(newFolder(), 'data', /no images/);
  await refuses(imageFolderOf(['alone'], 3), 'data', /one class|two classes/);
  const empty = newFolder();
  writeFiles(empty, { 'a/readme.txt': 'no image', 'b/readme.txt': 'no image' });
  await refuses(empty, 'data', /no images/);
});

test('a truncated picture is named, skipped and left out of every count', async () => {
  const folder = imageFolderOf(['a', 'b'], 12);
  const whole = picture(0, 900);
  writeFiles(folder, { 'a/torn.png': whole.subarray(0, whole.length / 2) });
  const result = await finetune(await smallRun(folder, { headEpochs: 1, valSplit: 0.25 }));
  assert.is(result.images.train + result.images.val, 24);
  assert.is(result.images.skipped.length, 1);
  const [{ path, reason }] = result.images.skipped as [{ path: string; reason: string }];
  assert.is(path, join(folder, 'a', 'torn.png'));
  assert.ok(reason.length > 0);
  const { data } = await gatherRun({ run: result.run, evaluate: false }, {});
  assert.equal(data.images, { train: result.images.train, val: result.images.val, test: 0 });
  assert.equal(data.skipped, [{ path: join('a', 'torn.png'), reason }]);
});

test('more than one picture in twenty unreadable', async () => {
  const folder = imageFolderOf(['a', 'b'], 3);
  writeFiles(folder, { 'a/torn.png': picture(0, 1).subarray(0, 50) });
  await refuses(folder, 'data', /1 of 7 images cannot be read.*torn\.png/);
});

test('a class that is left without a readable picture', async () => {
  const folder = imageFolderOf(['a', 'b'], 12);
  writeFiles(folder, { 'c/torn.png': picture(0, 1).subarray(0, 50) });
  await refuses(folder, 'data', /no readable training file is left in class c/);
});

test('a run folder that exists, or a file of its name', async () => {
  const out = newFolder();
  writeFiles(out, { 'best.safetensors': 'precious' });
  await refuses(good, 'input', /exists already/, { out });
  assert.is(readFileSync(join(out, 'best.safetensors'), 'utf8'), 'precious');
  assert.equal(readdirSync(out), ['best.safetensors']);
  await refuses(good, 'input', /a file has this name/, { out: join(out, 'best.safetensors') });
});

test('an empty folder may be the run folder', async () => {
  const out = newFolder();
  const result = await finetune(await smallRun(good, { out, headEpochs: 1 }));
  assert.is(result.run, out);
});

test('weights of another architecture, or of none', async () => {
  await refuses(good, 'weights', /the file holds a resnet-small, not a resnet34: use --model resnet-small/, {
    model: 'resnet34',
    weights: await imagenetWeights(),
  });
  const weights = join(newFolder(), 'other.safetensors');
  await writeSafetensors(weights, [{ name: 'w', dtype: 'F32', shape: [1], data: Float32Array.of(1) }]);
  await refuses(good, 'weights', /not those of any known model/, { weights });
});

test('a .pth that names os.system is not executed', async () => {
  const weights = fileURLToPath(
    new URL('../../../test/formats/fixtures/attack-os-system.pth', import.meta.url),
  );
  await refuses(good, 'weights', /os\.system|posix\.system/, { weights });
});

test('weights that are missing, cut short, or no weights at all', async () => {
  await refuses(good, 'input', /nowhere/, { weights: join(scratch, 'nowhere.pth') });
  const folder = newFolder();
  writeFiles(folder, {
    'short.safetensors': readFileSync(await imagenetWeights()).subarray(0, 1_000_000),
    'photo.pth': picture(0, 0),
  });
  await refuses(good, 'weights', /short\.safetensors/, { weights: join(folder, 'short.safetensors') });
  await refuses(good, 'weights', /photo\.pth/, { weights: join(folder, 'photo.pth') });
});

test('weights whose output is not finite', async () => {
  const bytes = readFileSync(await imagenetWeights());
  // The last tensor of the file belongs to the deepest layer; one infinite weight there is enough.
  bytes.writeFloatLE(Number.POSITIVE_INFINITY, bytes.length - 4);
  const folder = newFolder();
  writeFiles(folder, { 'infinite.safetensors': bytes });
  const context = listener();
  const options = await smallRun(good, { weights: join(folder, 'infinite.safetensors') });
  await fails(finetune(options, context), 'numeric', /not finite.*check the weights/);
  assert.not.ok(existsSync(options.out!));
});

test('options that make no sense', async () => {
  const cases: [Partial<FinetuneOptions>, RegExp][] = [
    [{ strategy: 'prob' }, /"prob".*--strategy.*did you mean probe\?/],
    [{ imageSize: 31 }, /--image-size/],
    [{ imageSize: 64.5 }, /--image-size/],
    [{ headEpochs: 0 }, /--head-epochs/],
    [{ seed: -1 }, /--seed/],
    [{ valSplit: 1 }, /split/],
    [{ valSplit: -0.1 }, /split/],
  ];
  for (const [more, words] of cases) await refuses(good, 'usage', words, more);
  await refuses(good, 'usage', /resnet81.*did you mean/, { model: 'resnet81', weights: 'none' });
});

test('a device that is not there', async () => {
  // Before weights are looked for, which may be a download, and long before images are decoded.
  const weights = newPath();
  const named = { device: 'webgpu', adapter: 'nonesuch', weights } as const;
  await refuses(good, 'device', /no adapter is named nonesuch/, named);
  await refuses(good, 'device', /mixed precision is for GPUs/, {
    device: 'cpu',
    precision: 'mixed',
    weights,
  });
});

test('an interruption ends the run soon, keeps what was computed, and writes no run', async () => {
  const folder = newFolder();
  writeFiles(folder, pictures(['a', 'b'], 20, 700));
  const first = await interrupted(
    folder,
    (event) => event.type === 'progress' && event.task === 'features' && event.done > 0,
  );
  assert.is(countOf(first, 'preparing images'), 40);
  const second = listener();
  const result = await finetune(await smallRun(folder), second);
  assert.is(countOf(second.events, 'preparing images'), 0, 'every picture was prepared before');
  const left = countOf(second.events, 'features');
  assert.ok(left > 0 && left < result.images.train, `${left} features were left of ${result.images.train}`);
});

test('an interruption while pictures are prepared, or before the run began', async () => {
  const folder = newFolder();
  writeFiles(folder, pictures(['a', 'b'], 20, 800));
  const events = await interrupted(
    folder,
    (event) => event.type === 'progress' && event.task === 'preparing images' && event.done > 3,
  );
  assert.is(countOf(events, 'features'), 0);
  await interrupted(folder, () => true);
  const context = listener();
  await finetune(await smallRun(folder, { headEpochs: 1 }), context);
  const left = countOf(context.events, 'preparing images');
  assert.ok(left > 0 && left < 40, `${left} of 40 pictures were left`);
});

test('an interruption while the strength is chosen', async () => {
  await interrupted(good, (event) => event.type === 'progress' && event.task === 'choosing L2');
  await interrupted(good, (event) => event.type === 'progress' && event.task === 'head');
});

/** Runs until an event matches, then aborts; expects the code and no run folder. Returns the events. */
async function interrupted(
  data: string,
  matches: (event: RunEvent) => boolean,
): Promise<readonly RunEvent[]> {
  const controller = new AbortController();
  const events: RunEvent[] = [];
  const options = await smallRun(data);
  const onEvent = (event: RunEvent) => {
    events.push(event);
    if (matches(event)) controller.abort();
  };
  await fails(finetune(options, { onEvent, signal: controller.signal }), 'interrupted', /interrupted/);
  assert.not.ok(existsSync(options.out!), 'an interrupted run wrote a folder');
  return events;
}

test.run();
