/** The report of a run: what is chosen to be shown, charts, and a page that names from outside cannot break. */
import { computeMetrics } from '#src/tasks/metrics/metrics';
import { resolveRecipe } from '#src/recipe/recipe';
import { classification } from '#src/tasks/classification';
import { curveChart } from '#src/report/charts/curves';
import { openDrawing, PAPER, SCREEN } from '#src/report/charts/drawing';
import { confusionChart, reducedConfusion } from '#src/report/charts/confusion';
import { lettered } from '#src/report/charts/lettering';
import { pngOf } from '#src/report/charts/raster';
import { scatterChart } from '#src/report/charts/scatter';
import { asXml } from '#src/report/charts/xml';
import { html, lines } from '#src/report/html/html';
import { fileName, withKeptUnits } from '#src/report/html/parts';
import { reportPage } from '#src/report/page/page';
import { dataSection } from '#src/report/page/sections/data';
import { summarySection } from '#src/report/page/sections/summary';
import { flagsCommand } from '#src/report/gather/commands';
import { evaluatingDevice } from '#src/report/gather/gather-run';
import {
  answersOf,
  classRows,
  confusedPairs,
  hitsOf,
  missesOf,
  reliabilityBins,
  spread,
  worstOf,
} from '#src/report/run/rankings';
import type { ValuedColumn } from '#src/report/run/report-data';
import { bestEpochOf, isFinished } from '#src/report/run/stored-facts';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { epoch, facts, namedReport, scored } from './named-report.js';

const answers = answersOf(scored);
const imagesOf = (some: readonly { readonly image: number }[]) => some.map(({ image }) => image);

test('images are shown by what they tell: the least likely, the surest misses, hits of each class in turn', () => {
  assert.equal(imagesOf(worstOf(answers, 3)), [0, 3, 2]);
  assert.equal(imagesOf(missesOf(answers, 9)), [3, 0]);
  assert.equal(
    imagesOf(hitsOf(answers, 9)),
    [5, 1, 4, 2],
    'the second of a class comes after the first of all',
  );
  assert.equal(
    confusedPairs(answers, 9).map(({ label, predicted, answers: of }) => [label, predicted, of.length]),
    [
      [0, 2, 1],
      [2, 1, 1],
    ],
  );
  assert.equal(spread(5, 9), [0, 1, 2, 3, 4]);
  assert.equal(spread(100, 4), [0, 25, 50, 75]);
});

test('a run is evaluated on the device that was asked for, else on its own, and without its precision', () => {
  const gpu = resolveRecipe({ data: 'photos', device: 'webgpu', adapter: 'rtx', precision: 'mixed' }, facts);
  assert.equal(evaluatingDevice(gpu, {}), { device: 'webgpu', adapter: 'rtx' });
  assert.equal(evaluatingDevice(gpu, { device: 'cpu', threads: 2 }), {
    device: 'cpu',
    adapter: 'rtx',
    threads: 2,
  });
  const cpu = resolveRecipe({ data: 'photos', device: 'cpu' }, facts);
  assert.equal(evaluatingDevice(cpu, {}), { device: 'cpu', adapter: null });
  assert.equal(evaluatingDevice(cpu, { adapter: 'rtx' }), { device: 'auto', adapter: 'rtx' });
});

test('bins of reliability add up to the calibration error of the same bins', () => {
  const logits = scored.scores.map((p) => Math.log(Math.max(p, 1e-9)));
  const { calibration } = computeMetrics(logits, scored.labels, ['a', 'b', 'c']);
  const bins = reliabilityBins(answers, 15);
  assert.is(
    bins.reduce((sum, { images }) => sum + images, 0),
    6,
  );
  const error = bins.reduce(
    (sum, { images, confidence, accuracy }) =>
      sum + (images / 6) * Math.abs((accuracy ?? 0) - (confidence ?? 0)),
    0,
  );
  assert.ok(Math.abs(error - (calibration?.error ?? 0)) < 1e-6);
});

const names = ['<script>alert(1)</script>', `"'&\u202e`, 'x'.repeat(10_000)] as const;
const data = namedReport(names, `${names[0]}/"onload=alert(1) x="\u202e.png`);
const metrics = computeMetrics(scored.scores, scored.labels, names);

test('classes have recall and precision with Wilson intervals; none where there is nothing to measure', () => {
  const [first] = classRows(metrics);
  assert.is(first.recall?.value, 2 / 3);
  assert.equal(
    first.recall?.interval.map((end) => Number(end.toFixed(4))),
    [0.2077, 0.9385],
  );
  assert.is(first.precision?.value, 1);
  const empty = classRows(computeMetrics([1, 0], [0], ['a', 'b']));
  assert.is(empty[1].recall, null);
  assert.is(empty[1].precision, null);
});

test('the best epoch is the one whose weights training kept', () => {
  const task = classification(['a', 'b']);
  const head = [epoch(1, 0.5, 0.9, 'head'), epoch(2, 0.8, 0.6, 'head')];
  assert.is(bestEpochOf(task, [...head, epoch(1, 0.7, 0.5), epoch(2, 0.8, 0.7)]), 0);
  assert.is(
    bestEpochOf(task, [...head, epoch(1, 0.7, 0.5), epoch(2, 0.8, 0.5)]),
    2,
    'as accurate, with less loss',
  );
  assert.is(bestEpochOf(task, [{ ...epoch(1, 0, 0), val_accuracy: null, val_loss: null }]), null);
  const recipe = resolveRecipe({ data: 'd', epochs: 5, patience: 2, strategy: 'full' }, facts);
  assert.ok(!isFinished(recipe, [epoch(1, 0.5, 1), epoch(2, 0.4, 1)], 1));
  assert.ok(isFinished(recipe, [epoch(1, 0.5, 1), epoch(2, 0.4, 1), epoch(3, 0.4, 1)], 1), 'out of patience');
});

test('a recipe is said by the flags that differ from its defaults, and not at all where no flag says it', () => {
  const recipe = resolveRecipe(
    {
      data: 'my photos',
      epochs: 3,
      batch_size: 64,
      nesterov: false,
      schedule: 'multi-step',
      milestones: [1, 2],
    },
    facts,
  );
  const words = flagsCommand(recipe, facts);
  assert.is(
    words,
    "npx attune finetune 'my photos' --image-size 224 --model resnet18 --weights resnet18-v1 --epochs 3 --batch-size 64 --no-nesterov --schedule multi-step --milestones 1,2 --seed 42",
  );
  assert.is(flagsCommand({ ...recipe, crop_scale: 0.5 }, facts), null);
});

test('templates escape what is put in, in text and in attributes, and show what would turn the line round', () => {
  const text = html`<p title="${names[1]}">${names[0]}${[1, null, html`<br>`]}</p>`.text;
  assert.is(text, '<p title="&quot;&#39;&amp;\\u202e">&lt;script&gt;alert(1)&lt;/script&gt;1<br></p>');
  assert.is(lines('a<\n  b').text, 'a&lt;\n  b');
});

test('of many classes the matrix has those with the most wrong answers, in their order', () => {
  const confusion = [
    [5, 0, 0, 0],
    [0, 3, 0, 2],
    [0, 0, 5, 0],
    [1, 0, 0, 4],
  ];
  const { classes, counts, supports } = reducedConfusion(['a', 'b', 'c', 'd'], confusion, 2);
  assert.equal(classes, ['b', 'd']);
  assert.equal(counts, [
    [3, 2],
    [0, 4],
  ]);
  assert.equal(supports, [5, 5]);
});

const screen = await openDrawing(SCREEN);
test('what the data is, is said: a folder or a CSV file', () => {
  const first = (path: string) =>
    dataSection({ ...data, data: { ...data.data, data: path } }, screen).body.text.match(/<dt>([^<]*)/)?.[1];
  assert.is(first('photos'), 'Folder');
  assert.is(first('photos/values.CSV'), 'CSV file');
});

test('no name from outside becomes a part of the page, and none makes it long', () => {
  const page = reportPage(data, screen);
  assert.not.match(page, /<script/i);
  assert.not.match(page, /\son\w+=/i, 'no attribute that runs something');
  assert.not.match(page, /\u202e/);
  assert.not.match(page, /(?:src|href)="(?!data:image|#)/, 'nothing is loaded');
  assert.ok(page.length < 150_000, `${page.length}`);
  assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.match(page, /default-src &#39;none&#39;/);
  // Every element that is opened is closed, and no attribute was cut in two.
  for (const tag of ['section', 'table', 'figure', 'details', 'svg', 'ul', 'li', 'dl']) {
    assert.is(page.split(new RegExp(`<${tag}[ >]`)).length, page.split(`</${tag}>`).length, tag);
  }
});

test('in the report no number leaves its unit, and the names of its images keep their endings', () => {
  const page = reportPage(namedReport(['a', 'b', 'c'], 'cats/IMG_2024-11-24.jpeg'), screen);
  const text = page.replace(/<(pre|code|bdi|style|svg)\b[\s\S]*?<\/\1>|<[^>]*>/g, '|');
  assert.match(text, /\d\u00a0%/);
  assert.not.match(text, /\d (?:%|s|min|h|kB|MB|GB)(?!\w)/);
  assert.match(page, /<span class="whole">-11-24\.jpeg<\/span>/);
  assert.match(page, /\.whole[^}]*white-space: nowrap/);
});

test('a chart is one picture with one title, in the colours of its palette', () => {
  const series = [
    {
      name: '<b>&',
      points: [
        { x: 1, y: 2 },
        { x: 2, y: null },
        { x: 3, y: 1 },
      ],
    },
  ];
  const svg = curveChart(screen, series, { title: 'Loss "x"', x: 'epoch' });
  assert.match(svg, /^<svg aria-label="Loss &quot;x&quot; by epoch" role="img"/);
  assert.match(svg, /var\(--series-1\)/);
  assert.match(svg, /&lt;b&gt;&amp;/);
  assert.is(svg.split('aria-').length, 2);
});

test('pictures are PNG files; without fonts their letters are paths', async () => {
  const paper = await openDrawing(PAPER);
  const svg = confusionChart(
    paper,
    reducedConfusion(
      ['cat', 'dog'],
      [
        [3, 1],
        [0, 4],
      ],
    ),
  );
  assert.not.match(svg, /var\(/);
  const letters = await lettered(svg);
  assert.not.match(letters, /<text/);
  assert.ok(letters.split('<path').length >= svg.split('<text').length);
  const png = await pngOf(svg);
  assert.equal([...png.subarray(1, 4)], [...Buffer.from('PNG')]);
});

test('names that XML refuses are drawn into files all the same, with fonts and without', async () => {
  const paper = await openDrawing(PAPER);
  const names = [
    'mass < 5 kg',
    'end\uffff',
    'escape\u001b[31m',
    'half\ud800',
    'a "b" & <c>',
    'no\u00a0break',
    "it's",
  ];
  for (const column of names) {
    const points = [1, 2, 3].map((value) => ({ value, predicted: value + 1, name: column, image: 0 }));
    const svg = scatterChart(paper, { column, points, worst: [] } as unknown as ValuedColumn);
    for (const file of [svg, await lettered(svg)]) {
      assert.not.match(file, /="[^"]*<[^"]*"|[\ud800-\udfff\uffff]/);
      assert.equal([...(await pngOf(file)).subarray(1, 4)], [...Buffer.from('PNG')], column);
    }
  }
  assert.match(asXml('<a b="x < y">1 &lt; 2 "<i/>"</a>'), /^<a b="x &lt; y">1 &lt; 2 "<i\/>"<\/a>$/);
});

test('numbers stay with their units, names with their endings, and what is typed is as it was', () => {
  const page = withKeptUnits(
    '<p title="3 s">of 95 %, 2 min 20 s</p><pre>--a 5 %</pre><bdi>3 s.png</bdi> 5.2 MB',
  );
  assert.is(
    page,
    '<p title="3 s">of 95\u00a0%, 2\u00a0min 20\u00a0s</p><pre>--a 5 %</pre><bdi>3 s.png</bdi> 5.2\u00a0MB',
  );
  assert.is(
    fileName('cats/IMG_2024-11-24.jpeg').text,
    '<bdi>cats/<wbr>IMG_2024<span class="whole">-11-24.jpeg</span></bdi>',
  );
  const long = fileName(`${'a'.repeat(90)}/<b>1.png`, 40).text;
  assert.match(long, /^<bdi>a{20,40}…<span class="whole">.*1\.png<\/span><\/bdi>$/);
  assert.is(fileName('no ending').text, '<bdi>no ending<span class="whole"></span></bdi>');
});

test('errors of columns in different units are not averaged', () => {
  const columns = ['age', 'weight'].map((column) => ({ column, points: [], worst: [] }));
  const metrics = { images: 4, loss: 0.25, mse: 50, mae: 7.5, rmse: 7.1, r2: 0.75, per_column: [] };
  const data = { ...namedReport(['a', 'b', 'c'], 'd.png'), test: null };
  const of = (some: typeof columns) =>
    summarySection({ ...data, main: { kind: 'regression', part: 'val', metrics, columns: some } }).body.text;
  assert.match(of(columns.slice(0, 1)), /7\.5/);
  assert.not.match(of(columns), /7\.[15]|unit of the values/);
  assert.match(of(columns), /0\.750<small>the mean over 2 columns.*0\.250<small>mean squared error/s);
});

test.run();
