/** Wrong command lines: exit code 2, one line that says what to write instead, and nothing is opened. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '#src/cli/run';
import { attune, type Ran, recordedOutput } from './support.js';

const NOT_YET = 'this version of attune does not have';

const wrong: [words: string, line: string][] = [
  ['finetun photos', 'there is no command finetun (attune): did you mean finetune?'],
  ['xyzzy', 'there is no command xyzzy (attune): attune --help lists the commands'],
  ['finetune photos --modle x', 'there is no flag --modle (attune finetune): did you mean --model?'],
  [
    'finetune photos --val-spilt=0.1',
    'there is no flag --val-spilt (attune finetune): did you mean --val-split?',
  ],
  [
    'doctor --frobnicate',
    'there is no flag --frobnicate (attune doctor): attune doctor --help lists the flags',
  ],
  ['--layers', 'there is no flag --layers (attune): flags follow the command, as in attune inspect --layers'],
  [
    'finetune',
    '<data> is missing (attune finetune): write attune finetune <data>; attune finetune --help explains it',
  ],
  [
    'finetune a b',
    '"b" is an argument too many (attune finetune): put a path with spaces in quotes, or see attune finetune --help',
  ],
  [
    'inspect',
    '<file> is missing (attune inspect): write attune inspect <file>; attune inspect --help explains it',
  ],
  ['finetune photos --seed', 'the value is missing (--seed): write --seed <number>'],
  [
    'finetune photos --out --val',
    'the value is missing (--out): --val is a flag; a file of that name is written ./--val',
  ],
  [
    'finetune photos --seed 1.5',
    '"1.5" is no value for this flag (--seed): give a whole number from 0 to 4,294,967,295',
  ],
  [
    'finetune photos --seed -1',
    '"-1" is no value for this flag (--seed): give a whole number from 0 to 4,294,967,295',
  ],
  [
    'finetune photos --seed 0x10',
    '"0x10" is no value for this flag (--seed): give a whole number from 0 to 4,294,967,295',
  ],
  [
    'finetune photos --head-epochs 0',
    '"0" is no value for this flag (--head-epochs): give a whole number from 1 to 1,000,000',
  ],
  [
    'finetune photos --image-size 31',
    '"31" is no value for this flag (--image-size): give a whole number from 32 to 1,024',
  ],
  [
    'finetune photos --val-split 1',
    '"1" is no value for this flag (--val-split): give a number from 0 to less than 1, such as 0.2',
  ],
  [
    'finetune photos --val-split 0,25',
    '"0,25" is no value for this flag (--val-split): give a number from 0 to less than 1, written with a point: 0.25',
  ],
  [
    'finetune photos --workers 1e9',
    '"1e9" is no value for this flag (--workers): give a whole number from 1 to 256',
  ],
  [
    'predict run x.png --top 0',
    '"0" is no value for this flag (--top): give a whole number from 1 to 100,000',
  ],
  [
    'finetune photos --device gpu',
    '"gpu" is no value for this flag (--device): did you mean cpu? the choices are auto, webgpu, cpu',
  ],
  [
    'finetune photos --device cpu --adapter x',
    'an adapter is a GPU, and --device is cpu (--adapter): leave one of the two out',
  ],
  ['finetune photos --model resnet5o', 'there is no model "resnet5o" (--model): did you mean resnet50?'],
  ['evaluate --model resnet5o photos', 'there is no model "resnet5o" (--model): did you mean resnet50?'],
  ['predict --model resnet5o x.png', 'there is no model "resnet5o" (--model): did you mean resnet50?'],
  [
    'finetune photos --strategy prob',
    '"prob" is no value for this flag (--strategy): did you mean probe? only probe is possible',
  ],
  [
    'finetune photos --strategy full',
    `${NOT_YET} the strategy full yet (--strategy): use --strategy probe, which trains a new head on the features of the pretrained network`,
  ],
  [
    'evaluate',
    'there is neither a run nor --model or --weights (attune evaluate): attune evaluate --help shows what to write',
  ],
  [
    'evaluate run',
    'the folder of images is missing (attune evaluate): attune evaluate --help shows what to write',
  ],
  [
    'evaluate --model resnet18 run photos',
    '"photos" is an argument too many (attune evaluate): give a run and a folder of images, or --model or --weights and the folder alone',
  ],
  ['predict run', 'the image is missing (attune predict): attune predict --help shows what to write'],
  [
    'predict --weights w.pth',
    'the image is missing (attune predict): attune predict --help shows what to write',
  ],
  [
    'weights gett',
    'attune weights cannot gett (attune weights): write attune weights list, or attune weights get NAME',
  ],
  [
    'weights get',
    'the name is missing (attune weights get): write attune weights list, or attune weights get NAME, for example resnet50',
  ],
  [
    'weights get resnet5o',
    'there are no weights named "resnet5o" (attune weights get): did you mean resnet50?',
  ],
  [
    'weights list all',
    'list takes no name (attune weights list): write attune weights list, or attune weights get NAME',
  ],
  [
    'bench kernels --all',
    `this version of attune does not have this command yet (attune bench): attune --help lists those it has`,
  ],
];
for (const [words, line] of wrong) {
  test(`refuses attune ${words}`, async () => {
    assert.equal(await runHere(words.split(' ')), { status: 2, stdout: '', stderr: `attune: ${line}\n` });
  });
}

test('the program itself does so, too', async () => {
  for (const [words, line] of [wrong[0], wrong[2], wrong[6], wrong[20], wrong[22]]) {
    assert.equal(await attune(words.split(' ')), { status: 2, stdout: '', stderr: `attune: ${line}\n` });
  }
});

/** In this process, which is quicker. */
async function runHere(words: readonly string[]): Promise<Ran> {
  const { output, stdout, stderr } = recordedOutput();
  const status = await run(words, output);
  return { status, stdout: stdout.text, stderr: stderr.text };
}

const NOT_YET_FLAGS =
  'train-from batch-norm epochs batch-size micro-batch optimizer lr head-lr momentum nesterov weight-decay schedule step-size gamma warmup augment class-weights label-smoothing threads resume recipe';

test('refuses the flags that this version does not have, with and without a value', async () => {
  for (const name of NOT_YET_FLAGS.split(' ')) {
    const words = ['nesterov', 'resume'].includes(name) ? [`--${name}`] : [`--${name}`, '5'];
    const { status, stderr } = await runHere(['finetune', 'photos', ...words]);
    assert.is(
      stderr,
      `attune: ${NOT_YET} this flag yet (--${name}): leave it out; this version trains the head only (--strategy probe)\n`,
    );
    assert.is(status, 2, name);
  }
});

test('checks ATTUNE_DEVICE as the flag it stands for', async () => {
  const wrongValue = await attune(['finetune', 'photos'], { env: { ATTUNE_DEVICE: 'gpu' } });
  assert.is(
    wrongValue.stderr,
    'attune: "gpu" is no value for this flag (ATTUNE_DEVICE): did you mean cpu? the choices are auto, webgpu, cpu\n',
  );
  assert.is(wrongValue.status, 2);
  const conflict = await attune(['finetune', 'photos', '--adapter', 'x'], { env: { ATTUNE_DEVICE: 'cpu' } });
  assert.is(
    conflict.stderr,
    'attune: an adapter is a GPU, and ATTUNE_DEVICE is cpu (--adapter): leave one of the two out\n',
  );
  assert.is(conflict.status, 2);
});

test('prints one document under --json, wherever the flag stands', async () => {
  for (const words of ['finetune --json photos --seed x', 'finetune photos --seed x --json']) {
    const { status, stdout, stderr } = await runHere(words.split(' '));
    assert.is(status, 2);
    assert.equal(JSON.parse(stdout), {
      error: {
        code: 'usage',
        what: '"x" is no value for this flag',
        where: '--seed',
        hint: 'give a whole number from 0 to 4,294,967,295',
      },
    });
    assert.is(stderr.split('\n').length, 2);
  }
});

test('what follows -- is no flag', async () => {
  const { status, stdout, stderr } = await attune(['inspect', '--', '--json']);
  assert.is(stderr, 'attune: there is no such file (--json): check the path\n');
  assert.is(stdout, '');
  assert.is(status, 1);
});

test('shows the help on standard error without a command', async () => {
  const { status, stdout, stderr } = await attune([]);
  assert.is(status, 2);
  assert.is(stdout, '');
  assert.match(stderr, /^Usage: attune <command>/);
});
test.run();
