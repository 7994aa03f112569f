/** Wrong command lines: exit code 2, one line that says what to write instead, and nothing is opened. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMAND_NAMES, DEVICE_NAMES, FLAG_NAMES, STRATEGY_NAMES } from '#src/cli/other-names';
import { programCall } from '#src/runs/command-line';
import { STRATEGIES } from '#src/recipe/choices';
import { attune, attuneHere } from './support.js';

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
    '--epochs 3',
    'there is no flag --epochs (attune): flags follow the command, as in attune finetune --epochs',
  ],
  [
    '--model resnet18 photos',
    'there is no flag --model (attune): flags follow the command, as in attune finetune --model',
  ],
  ['train photos', 'there is no command train (attune): did you mean finetune?'],
  ['version', 'there is no command version (attune): did you mean --version?'],
  ['help finetun', 'there is no command finetun (attune): did you mean finetune?'],
  [
    'finetune photos --learning_rate 0.1',
    'there is no flag --learning_rate (attune finetune): did you mean --lr?',
  ],
  ['finetune photos --report=false', 'this flag takes no value (--report): write --report, or --no-report'],
  ['inspect x.pth --layers=3', 'this flag takes no value (--layers): write --layers alone'],
  ['finetune photos --no-report=1', 'this flag takes no value (--no-report): write --no-report alone'],
  ['finetune photos -o run', 'there is no flag -o (attune finetune): did you mean --out?'],
  // attune's name of it is no flag of this command.
  [
    'predict run photos --learning-rate 0.1',
    'there is no flag --learning-rate (attune predict): attune predict --help lists the flags',
  ],
  ['-v', 'there is no flag -v (attune): did you mean --version?'],
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
  [
    'convert a.pth',
    '<out> is missing (attune convert): write attune convert <in> <out>; attune convert --help explains it',
  ],
  [
    'compare',
    '<runs> is missing (attune compare): write attune compare <runs>...; attune compare --help explains it',
  ],
  [
    'finetune photos --milestones 10,banana',
    '"10,banana" is no value for this flag (--milestones): give whole numbers from 1 to 1,000,000 with commas between them, such as 10,20',
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
    '"gpu" is no value for this flag (--device): did you mean webgpu? the choices are auto, webgpu, cpu',
  ],
  [
    'finetune photos --device cpu --adapter x',
    'an adapter is a GPU, and --device is cpu (--adapter): leave one of the two out',
  ],
  [
    'finetune photos --device CUDA',
    '"CUDA" is no value for this flag (--device): did you mean webgpu? the choices are auto, webgpu, cpu',
  ],
  ['finetune photos --model resnet5o', 'there is no model "resnet5o" (--model): did you mean resnet50?'],
  ['evaluate --model resnet5o photos', 'there is no model "resnet5o" (--model): did you mean resnet50?'],
  ['predict --model resnet5o x.png', 'there is no model "resnet5o" (--model): did you mean resnet50?'],
  [
    'finetune photos --strategy prob',
    '"prob" is no value for this flag (--strategy): did you mean probe? the choices are probe, full, probe-then-full, gradual',
  ],
  [
    'finetune photos --strategy fine-tune',
    '"fine-tune" is no value for this flag (--strategy): did you mean full? the choices are probe, full, probe-then-full, gradual',
  ],
  [
    'finetune photos --batch-norm frosen',
    '"frosen" is no value for this flag (--batch-norm): did you mean frozen? the choices are auto, train, frozen',
  ],
  [
    'finetune photos --optimizer adamv',
    '"adamv" is no value for this flag (--optimizer): did you mean adam? the choices are sgd, rmsprop, adam, adamw',
  ],
  [
    'finetune photos --schedule cosin',
    '"cosin" is no value for this flag (--schedule): did you mean cosine? the choices are constant, step, multi-step, exponential, polynomial, cosine, cosine-restarts, one-cycle, slanted-triangular, plateau',
  ],
  [
    'finetune photos --augment flips',
    '"flips" is no kind of augmentation (--augment): did you mean flip? the choices are none, flip, standard, rotate, color-jitter, grayscale, blur, rand-augment, trivial-augment',
  ],
  [
    'finetune photos --augment standard,ta_wide',
    '"ta_wide" is no kind of augmentation (--augment): did you mean trivial-augment? the choices are none, flip, standard, rotate, color-jitter, grayscale, blur, rand-augment, trivial-augment',
  ],
  [
    'finetune photos --class-weights balance',
    '"balance" is no value for this flag (--class-weights): did you mean balanced? the choices are none, balanced, power=<number>',
  ],
  [
    'finetune photos --epochs 0',
    '"0" is no value for this flag (--epochs): give a whole number from 1 to 1,000,000',
  ],
  [
    'finetune photos --batch-size 8.5',
    '"8.5" is no value for this flag (--batch-size): give a whole number from 1 to 65,536',
  ],
  [
    'finetune photos --micro-batch automatic',
    '"automatic" is no value for this flag (--micro-batch): give a whole number from 1 to 65,536, or auto',
  ],
  [
    'finetune photos --micro-batch 0',
    '"0" is no value for this flag (--micro-batch): give a whole number from 1 to 65,536, or auto',
  ],
  ['finetune photos --lr 0', '"0" is no value for this flag (--lr): give a number above 0, such as 0.001'],
  [
    'finetune photos --head-lr 0,01',
    '"0,01" is no value for this flag (--head-lr): give a number above 0, written with a point: 0.01',
  ],
  [
    'finetune photos --lr 1e999',
    '"1e999" is no value for this flag (--lr): give a number above 0, such as 0.001',
  ],
  [
    'finetune photos --momentum 1',
    '"1" is no value for this flag (--momentum): give a number from 0 to less than 1, such as 0.2',
  ],
  [
    'finetune photos --weight-decay 11',
    '"11" is no value for this flag (--weight-decay): give a number from 0 to 10, such as 0.5',
  ],
  [
    'finetune photos --gamma 2',
    '"2" is no value for this flag (--gamma): give a number from 0 to 1, such as 0.5',
  ],
  [
    'finetune photos --warmup -0.1',
    '"-0.1" is no value for this flag (--warmup): give a number from 0 to less than 1, such as 0.2',
  ],
  [
    'finetune photos --label-smoothing 1',
    '"1" is no value for this flag (--label-smoothing): give a number from 0 to less than 1, such as 0.2',
  ],
  [
    'finetune photos --max-gradient-norm -1',
    '"-1" is no value for this flag (--max-gradient-norm): give a number from 0 to 1,000,000,000, such as 0.5',
  ],
  [
    'finetune photos --step-size 0',
    '"0" is no value for this flag (--step-size): give a whole number from 1 to 1,000,000',
  ],
  ['finetune photos --nestorov', 'there is no flag --nestorov (attune finetune): did you mean --nesterov?'],
  [
    'finetune photos --device webgpu --threads 2',
    'threads are for the device cpu, and --device is webgpu (--threads): leave one of the two out',
  ],
  ['finetune --resume', 'the value is missing (--resume): write --resume <run>'],
  ['finetune photos --resume run', 'the run has its images already (--resume): leave out "photos"'],
  ...[
    'lr 1',
    'model resnet18',
    'seed 1',
    'workers 2',
    'out x',
    'adapter x',
    'recipe x',
    'nesterov',
    'no-nesterov',
  ].map((flag): [string, string] => [
    `finetune --resume run --epochs 3 --device cpu --threads 2 --${flag}`,
    `a run goes on as it began, so this cannot stand beside --resume (--${flag.split(' ')[0]}): leave it out; only --epochs, --checkpoint-minutes, --on-explosion, --device, --threads and --no-report may be added`,
  ]),
  [
    'evaluate',
    'there is neither a run nor --model or --weights (attune evaluate): write attune evaluate <run> <data>; attune evaluate --help explains it',
  ],
  [
    'evaluate run',
    'the folder of images is missing (attune evaluate): write attune evaluate <run> <data>; attune evaluate --help explains it',
  ],
  [
    'evaluate --model resnet18 run photos',
    '"photos" is an argument too many (attune evaluate): give a run and a folder of images, or --model or --weights and the folder alone',
  ],
  [
    'predict run',
    'the image is missing (attune predict): write attune predict <run> <image>; attune predict --help explains it',
  ],
  [
    'predict --weights w.pth',
    'the image is missing (attune predict): write attune predict <run> <image>; attune predict --help explains it',
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
    'bench --only kernel',
    '"kernel" is no value for this flag (--only): did you mean kernels? the choices are kernels, models, startup',
  ],
  [
    'bench --device cpu --adapter llvmpipe',
    'an adapter is a GPU, and --device is cpu (--adapter): leave one of the two out',
  ],
];
/** What stands before the hint is a name; in the hint it is how the program is called here. */
const printed = (line: string) =>
  `attune: ${line.replace(/(?<=\): .*)\battune(?= [a-z-])/g, () => programCall())}\n`;

for (const [words, line] of wrong) {
  test(`refuses attune ${words}`, async () => {
    assert.equal(await attuneHere(words.split(' ')), { status: 2, stdout: '', stderr: printed(line) });
  });
}

test('the program itself does so, too', async () => {
  for (const [words, line] of wrong.filter((_, index) => index % 40 === 0)) {
    assert.equal(await attune(words.split(' ')), { status: 2, stdout: '', stderr: printed(line) });
  }
});

test('what other tools call things leads to names that attune has', async () => {
  const helpOf = async (command: string) => (await attuneHere([command, '--help'])).stdout;
  const program = (await attuneHere(['--help'])).stdout;
  for (const name of new Set(Object.values(COMMAND_NAMES))) assert.match(program, `  ${name.split(' ')[0]} `);
  const flags = `${await helpOf('finetune')}${await helpOf('predict')}${program}`;
  for (const name of new Set(Object.values(FLAG_NAMES))) assert.match(flags, `--${name} `);
  for (const name of Object.values(STRATEGY_NAMES))
    assert.ok((STRATEGIES as readonly string[]).includes(name));
  for (const name of Object.values(DEVICE_NAMES)) assert.ok(['webgpu', 'cpu'].includes(name));
  // None that attune has itself.
  const own = [...flags.matchAll(/ --([a-z-]+) /g)].map(([, name]) => name);
  assert.equal(
    own.filter((name) => Object.hasOwn(FLAG_NAMES, name)),
    [],
  );
});

test('checks ATTUNE_DEVICE as the flag it stands for', async () => {
  const wrongValue = await attuneHere(['finetune', 'photos'], { env: { ATTUNE_DEVICE: 'gpu' } });
  assert.is(
    wrongValue.stderr,
    'attune: "gpu" is no value for this flag (ATTUNE_DEVICE): did you mean webgpu? the choices are auto, webgpu, cpu\n',
  );
  assert.is(wrongValue.status, 2);
  const conflict = await attuneHere(['finetune', 'photos', '--adapter', 'x'], {
    env: { ATTUNE_DEVICE: 'cpu' },
  });
  assert.is(
    conflict.stderr,
    'attune: an adapter is a GPU, and ATTUNE_DEVICE is cpu (--adapter): leave one of the two out\n',
  );
  assert.is(conflict.status, 2);
});

test('prints one document under --json, wherever the flag stands', async () => {
  for (const words of ['finetune --json photos --seed x', 'finetune photos --seed x --json']) {
    const { status, stdout, stderr } = await attuneHere(words.split(' '));
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
  const { status, stdout, stderr } = await attuneHere(['inspect', '--', '--json']);
  assert.is(stderr, 'attune: there is no such file (--json): check the path\n');
  assert.is(stdout, '');
  assert.is(status, 1);
});

test('shows the help on standard error without a command', async () => {
  const { status, stdout, stderr } = await attuneHere([]);
  assert.is(status, 2);
  assert.is(stdout, '');
  assert.match(stderr, /^Usage: attune <command>/);
});
test.run();
