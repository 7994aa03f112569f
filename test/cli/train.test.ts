/** The full stage as a user types it: what is printed before, during and after, and --resume. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeClassFolders } from './pictures.js';
import { attuneHere, recordedOutput } from './support.js';
import { run } from '#src/cli/definitions/run';

const folder = mkdtempSync(join(tmpdir(), 'attune train ü '));
test.after(() => rmSync(folder, { recursive: true }));
const settings = { cwd: folder, env: { ATTUNE_CACHE: join(folder, 'cache'), ATTUNE_DEVICE: 'cpu' } };
writeClassFolders(join(folder, 'photos/train'), 8);
writeClassFolders(join(folder, 'photos/val'), 2);
writeClassFolders(join(folder, 'photos/test'), 2);

const SMALL = '--model resnet-small --weights none --threads 1';
const finetune = (words: string) => attuneHere(`finetune photos ${SMALL} ${words}`.split(' '), settings);

test('every flag of training reaches the recipe', async () => {
  const flags =
    '--strategy full --train-from layer2 --batch-norm train --epochs 1 --batch-size 8 --micro-batch 4 --optimizer sgd --lr 0.01 --head-lr 0.02 --momentum 0.8 --no-nesterov --weight-decay 0.001 --schedule step --step-size 3 --gamma 0.5 --warmup 0.1 --augment flip --class-weights balanced --label-smoothing 0.1 --max-gradient-norm 5 --mixup 0.2 --cutmix 1 --random-erasing 0.25 --stochastic-depth 0.1 --sam 0.05 --seed 3 --image-size 40 --checkpoint-minutes 2.5 --on-explosion retry --no-tensorboard --no-report';
  const { status, stdout, stderr } = await finetune(`${flags} --out run --json`);
  assert.is(status, 0, stderr);
  const { resolved_defaults, interrupted, epochs, report } = JSON.parse(stdout);
  assert.is(report, null);
  const given = {
    val: null,
    val_split: 0.2,
    model: 'resnet-small',
    weights: 'none',
    strategy: 'full',
    train_from: 'layer2',
    batch_norm: 'train',
    epochs: 1,
    head_epochs: null,
    batch_size: 8,
    micro_batch: 4,
    image_size: 40,
    optimizer: 'sgd',
    lr: 0.01,
    head_lr: 0.02,
    momentum: 0.8,
    nesterov: false,
    weight_decay: 0.001,
    schedule: 'step',
    step_size: 3,
    gamma: 0.5,
    warmup: 0.1,
    augment: 'flip',
    class_weights: 'balanced',
    label_smoothing: 0.1,
    max_gradient_norm: 5,
    mixup: 0.2,
    cutmix: 1,
    random_erasing: 0.25,
    stochastic_depth: 0.1,
    sam: 0.05,
    seed: 3,
    device: 'cpu',
    adapter: null,
    checkpoint_minutes: 2.5,
    on_explosion: 'retry',
    tensorboard: false,
    histograms: false,
  };
  for (const [field, value] of Object.entries(given)) assert.equal(resolved_defaults[field], value, field);
  assert.is(interrupted, false);
  assert.is(epochs.length, 1);
  assert.equal(readdirSync(join(folder, 'run')).length, 8);
});

test('probe-then-full: values before the work, a line for each epoch, a table with the best one and the next command', async () => {
  const flags = '--strategy probe-then-full --epochs 2 --micro-batch auto --recipe article-resnet50';
  const { status, stdout, stderr } = await finetune(`${flags} --batch-size 8 --out longer`);
  assert.is(status, 0, stderr);
  const lines = stderr.split('\n');
  assert.match(lines[0]!, /^16 images to train \(8 in the smallest class\), 4 to validate, 4 to test\./);
  assert.match(lines[1]!, /^2 classes: /);
  assert.match(lines[2]!, /^resnet-small with weights none\.$/);
  assert.match(lines[3]!, /^Strategy probe-then-full: first a logistic head/);
  assert.match(lines[4]!, /^Given: strategy probe-then-full, .*schedule step/);
  const work = lines.findIndex((line) => line.startsWith('reading images'));
  assert.ok(work > 4 && work < 8, stderr);
  for (const epoch of [1, 2]) {
    const line = `^epoch ${epoch}: train loss [\\d.]+, accuracy [\\d.]+ %; validation loss [\\d.]+, accuracy [\\d.]+ %; (?:[\\d.]+ samples/s; )?\\d+ s$`;
    assert.match(stderr, new RegExp(line, 'm'));
  }
  assert.match(
    stdout,
    /^Result\ndevice +.* \(cpu\)\nmodel +resnet-small, weights none\nstrategy +probe-then-full\n/,
  );
  assert.match(stdout, /\nbest epoch +[12] of 2 epochs\nvalidation accuracy +.* %.*\ntest accuracy +.* %/);
  assert.match(stdout, /\nclass +images +recall +precision +F1\n/);
  const [end, next] = stdout.slice(stdout.indexOf('\nRun folder\n')).split('\nNext\n');
  assert.is(end, '\nRun folder\nlonger\n\nReport\nlonger/report.html\n');
  assert.match(next!, / predict longer '?photos[/\\]val[/\\].+\.png'?\n$/);
  const files = readdirSync(join(folder, 'longer'));
  for (const name of ['report.html', 'results.png', 'confusion.png']) assert.ok(files.includes(name), name);
});

test('--resume needs no data, and takes --epochs', async () => {
  // In the way of the page: it cannot be written.
  rmSync(join(folder, 'longer/report.html'));
  mkdirSync(join(folder, 'longer/report.html/x'), { recursive: true });
  const done = await attuneHere(['finetune', '--resume', 'longer'], settings);
  assert.is(done.status, 1);
  assert.is(
    done.stderr,
    'attune: nothing is left to do: 2 epochs are done, and 2 were asked for (longer): ask for more with --epochs, or start a new run\n',
  );
  const { status, stdout, stderr } = await attuneHere(
    ['finetune', '--resume', 'longer', '--epochs', '3', '--device', 'cpu', '--json'],
    settings,
  );
  assert.is(status, 0, stderr);
  const result = JSON.parse(stdout);
  assert.is(result.report, null);
  assert.match(
    stderr,
    /^The run is saved but has no report: .+\. To try again: .*attune(?:\.mjs)?'? report longer$/m,
    'a report that fails loses nothing',
  );
  assert.is(result.resumed_from, 'longer');
  assert.is(result.epochs.at(-1).epoch, 3);
  const metrics = readFileSync(join(folder, 'longer/metrics.jsonl'), 'utf8').trimEnd().split('\n');
  assert.is(metrics.length, result.epochs.length);
});

test('what cannot be is told before any image is decoded', async () => {
  const cases: [words: string, status: number, line: string][] = [
    ['--strategy full --train-from layre3', 2, 'the model has no such layer (layre3): did you mean layer3?'],
    [
      '--strategy full --train-from 99',
      2,
      'the model has layers 0 to 11 (layer 99): attune inspect --layers lists them',
    ],
    [
      '--strategy probe --epochs 3',
      2,
      'this belongs to the full stage, which the strategy probe does not have (--epochs): leave it out, or add --strategy probe-then-full',
    ],
    [
      '--strategy full --micro-batch 64',
      2,
      'a micro-batch of 64 is larger than the batch of 32 (--micro-batch)',
    ],
    ['--strategy full --nesterov --momentum 0', 2, 'Nesterov momentum needs a momentum above 0 (--nesterov)'],
    [
      '--recipe article-resnet',
      2,
      'there is no recipe "article-resnet" (--recipe): did you mean article-resnet50?',
    ],
    ['--recipe absent.json', 1, 'there is no such recipe (absent.json): check the path'],
  ];
  const { output, stdout, stderr } = recordedOutput();
  for (const [words, status, line] of cases) {
    stderr.text = '';
    const argv = ['finetune', join(folder, 'photos'), ...`${SMALL} ${words}`.split(' ')];
    assert.is(await run(argv, output), status, stderr.text);
    assert.is(stderr.text, `attune: ${line}\n`);
  }
  assert.is(stdout.text, '');
  const { status, stderr: text } = await attuneHere(
    ['finetune', 'photos', '--model', 'resnet-small'],
    settings,
  );
  assert.is(status, 2);
  assert.is(
    text,
    'attune: there are no ready-made weights for resnet-small (--model): say where to start with --weights: a file, or none for random values\n',
  );
});
test.run();
