/** What bench/ says: a time counts only beside an equal result, and what is published is what was measured. */
import { readdirSync, readFileSync } from 'node:fs';
import { type BenchDocument, markdownReport } from '#src/cli/commands/bench-text';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const bench = new URL('../../bench/', import.meta.url);
const library = (name: string) => import(new URL(`lib/${name}.mjs`, bench).href);

/** Of each kind of result: what makes its Markdown from its numbers. */
const REPORTS: Readonly<Record<string, readonly [file: string, report: string]>> = {
  cpu: ['cpu-report', 'cpuReport'],
  'first-step': ['first-step-report', 'firstStepReport'],
  inference: ['report', 'inferenceReport'],
  loading: ['loading-report', 'loadingReport'],
  memory: ['memory-report', 'memoryReport'],
  pipeline: ['pipeline-report', 'pipelineReport'],
  software: ['software-report', 'softwareReport'],
  torch: ['torch-report', 'torchReport'],
  training: ['report', 'trainingReport'],
  'whole-run': ['whole-run/report', 'wholeRunReport'],
};

/** All but those of `attune bench`, whose numbers have another form. */
const results = readdirSync(new URL('results/', bench), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: machine }) =>
    readdirSync(new URL(`results/${machine}/`, bench))
      .filter((name) => name.endsWith('.json') && name !== 'bench.json')
      .map((name) => `${machine}/${name.slice(0, -5)}`),
  );

const read = (path: string) => readFileSync(new URL(`results/${path}`, bench), 'utf8');

test('the published Markdown is what its numbers say, and names the command', async () => {
  assert.ok(results.length >= 10);
  for (const path of results) {
    const name = path.split('/')[1]!.replace(/-(cpu|webgpu)$/, '');
    const [file, report] = REPORTS[name.replace(/^memory-low$/, 'memory')]!;
    const numbers = JSON.parse(read(`${path}.json`));
    const text = read(`${path}.md`);
    assert.is(text, (await library(file))[report](numbers), path);
    const { command } = numbers.machine;
    if (name === 'pipeline' && command === undefined) continue; // older than the note of it; README.md has it
    assert.ok(command.startsWith(`node bench/${name}.mjs`) && text.includes(command), path);
  }
});

test('of attune bench as well', () => {
  const [document, text] = ['json', 'md'].map((kind) => read(`epyc-2-cores/bench.${kind}`)) as [
    string,
    string,
  ];
  const numbers: BenchDocument = JSON.parse(document);
  assert.is(text, markdownReport(numbers));
  assert.match(numbers.command, /^npx attune bench/);
  assert.ok(numbers.rows.every(({ adapter, software }) => software === /llvmpipe/.test(adapter)));
});

test('each row of times and ratios names what it was measured on, with a software adapter as such', () => {
  const tables = ['cpu', 'inference', 'software', 'torch', 'training', 'whole-run'];
  let rows = 0;
  for (const path of results) {
    if (!tables.some((name) => path.split('/')[1]!.startsWith(name))) continue;
    const on = new RegExp(`${JSON.parse(read(`${path}.json`)).machine.processor}|llvmpipe.* \\(software`);
    let head = '';
    for (const line of read(`${path}.md`).split('\n')) {
      if (!line.startsWith('|')) head = '';
      else if (head === '') head = line;
      else if (line.startsWith('|---') || !/ (on|attune on) \|/.test(head)) continue;
      else {
        assert.ok(on.test(line) || / not measured \|/.test(line), `${path}: ${line}`);
        rows++;
      }
    }
  }
  assert.ok(rows > 300, `${rows} rows`);
});

test('outputs that differ, are no numbers or are fewer have no time', async () => {
  const { SameOutputs } = await library('agreement');
  const first = Float32Array.of(1, -4, 2);
  const after = (values: Float32Array, tolerance?: number) => {
    const same = new SameOutputs(tolerance);
    same.add(0, first);
    same.add(1, values);
    return same.result().difference;
  };
  assert.is(after(Float32Array.from(first)), 0);
  // Relative to the largest, which is 4.
  assert.ok(Math.abs(after(Float32Array.of(1, -4, 2.0039)) - 0.0039 / 4) < 1e-6);
  assert.throws(() => after(Float32Array.of(1, -4, 2.0041)), /the outputs differ by 0\.00102/);
  assert.ok(after(Float32Array.of(1, -4, 2.1), 0.05) > 0.02);
  assert.throws(() => after(Float32Array.of(1, -4, 2.3), 0.05), /differ by/);
  assert.throws(() => after(Float32Array.of(1, -4, Number.NaN)), /differ by NaN/);
  assert.throws(() => after(Float32Array.of(1, -4)), /differ by NaN/);
  assert.throws(() => after(new Float32Array(3)), /differ by 1 /);
});

test('losses of the first two steps are judged, later ones are not', async () => {
  const { SameLosses } = await library('agreement');
  const after = (ours: readonly number[], theirs: readonly number[]) => {
    const same = new SameLosses();
    ours.forEach((loss, step) => {
      same.add(0, [loss]);
      same.add(1, [theirs[step]]);
    });
    return same.result().losses;
  };
  assert.equal(after([2, 1, 0.5], [2.0019, 1.009, 9]), [
    [2, 2.0019],
    [1, 1.009],
    [0.5, 9],
  ]);
  assert.throws(() => after([2], [2.0021]), /the losses of step 1 are 2 and 2\.0021/);
  assert.throws(() => after([2, 1], [2, 1.011]), /the losses of step 2 are 1 and 1\.011/);
  assert.throws(() => after([Number.NaN], [Number.NaN]), /step 1/);
});

test('what does not agree has no time, and the comparisons after it are made', async () => {
  const { compareAll } = await library('compare-task');
  const wanted = ['a', 'b', 'c'].map((name) => ({
    name,
    batch: 2,
    peer: { engine: 'torch', precision: 'tf32' },
  }));
  const { comparisons, failures } = await compareAll(wanted, async ({ name }: { name: string }) => {
    if (name === 'b') throw new Error('the outputs differ by 1\nand more');
    return name;
  });
  assert.equal(comparisons, ['a', 'c']);
  assert.equal(failures, [{ name: 'b', batch: 2, peer: 'torch tf32', reason: 'the outputs differ by 1' }]);
});

test('beside CUDA both are on the card, in float32, TF32 and mixed precision; the processor is compared as well', async () => {
  const { torchComparisons } = await library('torch-parts');
  const common = { batches: { webgpu: 32, cpu: 4 }, rounds: 3, threads: 2 };
  const onCard = torchComparisons({ ...common, adapter: 'A card' });
  assert.equal(onCard.unmeasured, []);
  const pairs = onCard.comparisons.map(({ name, batch, ours, peer, tolerance }: never) => [
    name,
    batch,
    ours['adapter'],
    ours['precision'],
    peer['device'],
    peer['precision'],
    peer['format'],
    tolerance,
  ]);
  assert.is(pairs.length, 6 * 3 + 6);
  const training = ['ResNet50 training', 32, 'A card'];
  const inTraining = pairs.filter(([name, batch]: unknown[]) => name === training[0] && batch === 32);
  assert.equal(inTraining, [
    [...training, 'float32', 'cuda', 'float32', 'channels_last', undefined],
    [...training, 'float32', 'cuda', 'tf32', 'channels_last', 0.01],
    [...training, 'mixed', 'cuda', 'amp', 'channels_last', 0.01],
  ]);
  assert.is(pairs.filter(([, batch]: unknown[]) => batch === 4).length, 6);

  const without = torchComparisons({ ...common, reason: 'no card' });
  assert.is(without.comparisons.length, 6);
  assert.is(without.unmeasured.length, 18);
  const peer = 'PyTorch with CUDA, tf32';
  assert.equal(without.unmeasured[1], { name: 'ResNet50 inference', peer, reason: 'no card' });
});

test('the command that is noted can be typed again, without the place of its results', async () => {
  const { commandLine } = await library('machine');
  const program = new URL('software.mjs', bench).pathname;
  const words = ['--only', 'matmul,inference', '--save', 'a-machine', '--adapter', "Ada's card"];
  const expected = "node bench/software.mjs --only matmul,inference --adapter 'Ada'\\''s card'";
  assert.is(commandLine([program, ...words]), expected);
});

test.run();
