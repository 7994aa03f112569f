/** Help: quick, complete, and no wider than a terminal. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { METHOD_FIELDS, STEP_METHOD_FIELDS } from '#src/methods/index';
import { attune, attuneHere, type Ran, type RunSettings, runScript } from './support.js';

/** The flags of methods that stand under a heading, where `only` lets them pass. */
function ofMethods(group: string, only: readonly string[] = Object.keys(METHOD_FIELDS)): string {
  const names = only.filter((name) => METHOD_FIELDS[name as keyof typeof METHOD_FIELDS].group === group);
  return names.map((name) => name.replaceAll('_', '-')).join(' ');
}

/** Flags with the names of headings, in capitals, for the methods below them. */
function flagsOf(text: string): string[] {
  const inStep = (group: string) => ofMethods(group, STEP_METHOD_FIELDS);
  return text
    .replace('IMAGES', ofMethods('Images:'))
    .replace('STEP TRAINING', inStep('Training:'))
    .replace('TRAINING', ofMethods('Training:'))
    .replace('REGULARIZATION', ofMethods('Regularization:'))
    .replace('OPTIMIZER', ofMethods('Optimizer:'))
    .replace('STEP', inStep('Optimizer:'))
    .split(' ');
}

const commands: Record<string, string[]> = {
  finetune: flagsOf(
    'model weights strategy head neighbors train-from batch-norm label target images val val-split folds fold image-size augment workers IMAGES epochs unfreeze-epochs head-epochs batch-size micro-batch precision memory seed TRAINING REGULARIZATION optimizer lr head-lr lr-decay momentum nesterov weight-decay schedule step-size gamma milestones power cycle-epochs cycle-factor peak divisor final-divisor peak-momentum plateau-patience warmup OPTIMIZER recipe resume out checkpoint-minutes on-explosion report tensorboard histograms device adapter threads profile profile-steps',
  ),
  evaluate: 'split label images model weights batch-size tta workers device adapter threads'.split(' '),
  schedule: flagsOf(
    'steps images strategy label target val val-split epochs batch-size seed recipe optimizer lr head-lr lr-decay momentum nesterov weight-decay schedule step-size gamma milestones power cycle-epochs cycle-factor peak divisor final-divisor peak-momentum plateau-patience warmup OPTIMIZER',
  ),
  'lr-find': flagsOf(
    'lr-from lr-to iterations model weights strategy train-from batch-norm label target images val val-split image-size augment workers IMAGES head-epochs batch-size micro-batch precision memory seed STEP TRAINING REGULARIZATION optimizer lr-decay momentum nesterov weight-decay STEP recipe device adapter threads',
  ),
  augment:
    'augment count views out image-size images label target val val-split seed workers device adapter threads'.split(
      ' ',
    ),
  advise: 'features model weights label images val val-split seed workers device adapter threads'.split(' '),
  predict: 'top tta model weights workers device adapter threads'.split(' '),
  explain: 'method class neighbors out model weights workers device adapter threads'.split(' '),
  compare: 'out data evaluate workers device adapter threads'.split(' '),
  report: 'data evaluate workers device adapter threads'.split(' '),
  inspect: ['layers'],
  convert: ['names'],
  weights: [],
  doctor: ['measure'],
  bench: 'only seconds markdown svg device adapter'.split(' '),
  tune: 'model batch-size image-size seconds precision adapter'.split(' '),
};

test('attune --help names every command', async () => {
  const { status, stdout, stderr } = await attune(['--help']);
  assert.is(status, 0);
  assert.is(stderr, '');
  for (const name of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${name} .*\\.$`, 'm'));
});

for (const [name, flags] of Object.entries(commands)) {
  test(`attune ${name} --help explains every flag, with an example`, async () => {
    const { status, stdout, stderr } = await attuneHere([name, '--help']);
    assert.is(status, 0);
    assert.is(stderr, '');
    assert.match(stdout, new RegExp(`^Usage: attune ${name}`));
    assert.match(stdout, new RegExp(`\nExample:\n  (?:npx )?attune ${name}.*\n$`));
    const explained = [...stdout.matchAll(/^ {2}(?:-h, )?--([a-z0-9-]+)(?: <.*?>)? {2,}[A-Za-z]/gm)];
    assert.equal(
      explained.map(([, flag]) => flag),
      [...flags, 'json', 'debug', 'help'],
    );
    const tooWide = stdout.split('\n').filter((line) => line.length > 80);
    assert.equal(tooWide, []);
  });
}

test('attune help <command> is the same', async () => {
  const [one, other] = await Promise.all([
    attuneHere(['help', 'predict']),
    attuneHere(['predict', '--help']),
  ]);
  assert.equal(one, other);
});

test('attune --version is the version of the package', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  assert.equal(await attune(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' });
});

/** What a child process adds to say its processor time, which other work on the machine hardly changes. */
const STOPWATCH = `data:text/javascript,${encodeURIComponent(`
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    console.error((user + system) / 1000);
  });`)}`;

/** Milliseconds of processor time that `run` takes: the least of five. */
async function leastMilliseconds(run: (settings: RunSettings) => Promise<Ran>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const { stderr } = await run({ env: { NODE_OPTIONS: `--import ${STOPWATCH}` } });
    times.push(Number(stderr));
  }
  return Math.min(...times);
}

test('help takes less than 150 ms more than a bare Node', async () => {
  const bare = await leastMilliseconds((settings) => runScript('', settings));
  const help = await leastMilliseconds((settings) => attune(['--help'], settings));
  console.log(
    `# attune --help: ${Math.round(help)} ms of processor time; Node alone: ${Math.round(bare)} ms`,
  );
  assert.ok(help - bare < 150, `${help} ms, and ${bare} ms for Node alone`);
});
test.run();
