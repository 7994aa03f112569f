/** Runs compared: the test of pairs, what differs between recipes, and a page that names cannot break. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttuneError } from '#src/errors';
import { resolveRecipe } from '#src/recipe/recipe';
import { openDrawing, SCREEN } from '#src/report/charts/drawing';
import { compare, differencesOf, pairsOf } from '#src/report/compare/compare';
import { groupedValues, runsText } from '#src/report/compare/compare-text';
import { comparePage } from '#src/report/compare/compare-page';
import { type ComparedRun, isWishInVain, type MeasuredRun } from '#src/report/compare/compared-run';
import { mcnemar } from '#src/report/compare/mcnemar';
import { report } from '#src/report/write-report';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { epoch, facts } from '../named-report.js';

test("McNemar's exact test, against SciPy's binomtest", () => {
  assert.is(mcnemar(0, 0), 1);
  assert.is(mcnemar(5, 5), 1);
  assert.ok(Math.abs(mcnemar(1, 9) - 0.021484375) < 1e-12);
  assert.ok(Math.abs(mcnemar(9, 1) - 0.021484375) < 1e-12);
  assert.ok(Math.abs(mcnemar(3, 17) - 0.002576828) < 1e-9);
  assert.ok(Math.abs(mcnemar(600, 700) - 0.006015793861) < 1e-11, 'powers of two overflow here');
});

test('a device that was asked for and is not there ends a comparison; one of the recipe is only noted', () => {
  const error = new AttuneError({ code: 'device', what: 'there is no hardware GPU' });
  assert.ok(isWishInVain(error, { adapter: 'voodoo' }));
  assert.ok(isWishInVain(error, { device: 'webgpu' }));
  assert.not(isWishInVain(error, { device: 'auto' }));
  assert.not(isWishInVain(error, {}));
  assert.not(isWishInVain(new AttuneError({ code: 'data', what: 'no images' }), { adapter: 'voodoo' }));
});

const summary: ComparedRun = {
  run: '/runs/a',
  task: 'classification',
  model: 'resnet18',
  strategy: 'full',
  finished: true,
  epochs: 2,
  best_epoch: 2,
  seconds: 2,
  note: null,
  part: 'val',
  images: 3,
  accuracy: 2 / 3,
  interval: [0.2, 0.9],
  macro_f1: 0.6,
  calibration_error: 0.1,
  r2: null,
  mae: null,
  loss: 0.7,
};

function measured(name: string, answers: string, fields: object = {}): MeasuredRun {
  const rights = [...answers].map((answer, i) => [`image ${i} cat`, answer === '+'] as const);
  return {
    summary: { ...summary, accuracy: rights.filter(([, isRight]) => isRight).length / rights.length },
    name,
    recipe: resolveRecipe({ data: 'photos', epochs: 2, ...fields }, facts),
    records: [epoch(1, 0.5, 0.9), epoch(2, 0.7, 0.7)],
    right: new Map(rights),
  };
}

test('what differs between recipes is found field by field', () => {
  const runs = [
    measured('a', '+'),
    measured('b', '+', { lr: 0.5, seed: 7 }),
    measured('c', '+', { seed: 7 }),
  ];
  assert.equal(
    differencesOf(runs)
      .filter(({ field }) => field === 'lr' || field === 'seed')
      .map(({ field, values }) => [field, values[1], values[0] === values[2]]),
    [
      ['lr', 0.5, true],
      ['seed', 7, false],
    ],
  );
  assert.equal(differencesOf([runs[0]!, runs[0]!]), []);
});

test('folders are told by their names, and two of one name apart', () => {
  const [here, there] = ['/home/ada/birds', '/photos/bob/birds'].map((data) => measured('a', '+', { data }));
  const other = measured('b', '+', { data: '/home/ada/ants' });
  assert.equal(differencesOf([here!, other]), [{ field: 'data', values: ['birds', 'ants'] }]);
  assert.equal(differencesOf([here!, there!, here!]), [
    { field: 'data', values: ['birds (1)', 'birds (2)', 'birds (1)'] },
  ]);
});

test('runs over the same images are compared image by image, others are not', () => {
  const runs = [measured('a', '++--'), measured('b', '+-+-'), measured('c', '+++')];
  assert.equal(pairsOf(runs), [{ runs: [0, 1], images: 4, only: [1, 1], p: 1 }]);
  const many = Array.from({ length: 7 }, (_, i) => measured(`run ${i}`, i === 3 ? '++' : '+-'));
  assert.equal(
    pairsOf(many).map(({ runs: [a, b] }) => [a, b]),
    [
      [0, 3],
      [1, 3],
      [2, 3],
      [3, 4],
      [3, 5],
      [3, 6],
    ],
    'of many, each with the best',
  );
});

test('the page has every run, and no name becomes a part of it', async () => {
  const runs = [measured('<script>alert(1)</script>', '++--'), measured('b\u202e"', '+--+', { lr: 0.5 })];
  const reason = '<img src=x>';
  const page = comparePage(
    {
      page: 'compare.html',
      runs: runs.map(({ summary: of }) => of),
      skipped: [{ path: '/<b>', reason }],
      differences: differencesOf(runs),
      paired: pairsOf(runs),
    },
    runs,
    await openDrawing(SCREEN),
  );
  assert.not.match(page, /<script|<img|<b>|\u202e/);
  assert.match(page, /&lt;script&gt;alert\(1\)/);
  for (const id of ['runs', 'accuracy', 'curves', 'paired', 'recipes'])
    assert.match(page, new RegExp(`<section id="${id}"`));
});

async function pageOfRuns(runs: readonly MeasuredRun[]): Promise<string> {
  const result = {
    page: 'compare.html',
    runs: runs.map(({ summary: of }) => of),
    skipped: [],
    differences: differencesOf(runs),
    paired: pairsOf(runs),
  };
  return comparePage(result, runs, await openDrawing(SCREEN));
}

const strokes = (text: string) =>
  Array.from(text.matchAll(/<line [^>]*stroke="([^"]+)"[^>]*stroke-dasharray="([^"]+)"/g), ([, ...look]) =>
    look.join(),
  );

test('each of twelve runs has a look of its own, which the legend shows, and keeps it in every chart', async () => {
  const runs = Array.from({ length: 12 }, (_, i) => measured(`run ${i}`, '+-', { seed: i }));
  // Without a full stage, and so without a curve.
  runs[3] = { ...runs[3]!, records: [] };
  const page = await pageOfRuns(runs);
  const legend = /<ul class="lines">.*?<\/ul>/s.exec(page)![0];
  const looks = strokes(legend);
  assert.is(looks.length, 11);
  assert.is(new Set(looks).size, 11);
  assert.not.match(legend, /run 3</);
  assert.is(looks[0], 'var(--series-1),5 3');
  const charts = page.split('<figure class="chart">').slice(2);
  assert.is(charts.length, 3);
  for (const chart of charts) {
    const lines = chart.matchAll(
      /<g(?: stroke-dasharray="([^"]+)")?[^>]* stroke="(var\(--series-\d\))" fill="none">/g,
    );
    assert.equal(
      Array.from(lines, ([, dashes = 'none', color]) => `${color},${dashes}`),
      looks,
    );
  }
});

test('one exploded run does not press the others flat, and the page says how far it went', async () => {
  const runs = ['a', 'b', 'c'].map((name) => measured(name, '+-'));
  assert.not.match(await pageOfRuns(runs), /logarithmic/);
  const exploded = { ...runs[2]!, records: [epoch(1, 0.5, 3295), epoch(2, 0.5, 40)] };
  const page = await pageOfRuns([runs[0]!, runs[1]!, exploded]);
  assert.is(page.match(/On a logarithmic scale, as run 3 reaches 3,295\./g)?.length, 2);
  assert.match(page, />1,000</);
});

test('recipes that differ have a line for each field, however many runs there are', async () => {
  const runs = Array.from({ length: 12 }, (_, i) => measured(`run ${i}`, '+-', { seed: i % 2 ? 7 : 8 }));
  const recipes = (await pageOfRuns(runs)).split('id="recipes"').at(-1)!;
  assert.is(recipes.match(/<th scope="col"/g)?.length, 2);
  assert.match(recipes, /<bdi>8<\/bdi> <span class="quiet">runs 1, 3, 5, 7, 9, 11<\/span>/);
  assert.is(runsText([3]), 'run 3');
  assert.is(runsText([1, 2, 3, 4, 7, 8]), 'runs 1 to 4, 7, 8');
  assert.equal(groupedValues([1, 'a', null, 1]), [
    { text: '1', numbers: [1, 4] },
    { text: 'a', numbers: [2] },
    { text: '–', numbers: [3] },
  ]);
});

test('a page of attune may be replaced, another file is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune page '));
  test.after(() => rmSync(folder, { recursive: true }));
  const out = join(folder, 'compare.html');
  writeFileSync(out, '<!doctype html><title>mine</title>');
  const told = () =>
    compare({ runs: [], out }).then(
      () => '',
      (error: Error) => error.message,
    );
  assert.match(await told(), /file of this name that attune did not write, which is never replaced/);
  writeFileSync(out, await pageOfRuns([measured('a', '+'), measured('b', '-')]));
  assert.not.match(await told(), /did not write/);
});

test('folders that are no runs are told by name, and what to do', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune compare '));
  test.after(() => rmSync(folder, { recursive: true }));
  const damaged = join(folder, 'damaged');
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'recipe.json'), '{"data": ');
  const broken = join(folder, 'broken');
  mkdirSync(broken);
  const recipe = resolveRecipe({ data: 'photos' }, facts);
  writeFileSync(join(broken, 'recipe.json'), JSON.stringify(recipe));
  writeFileSync(join(broken, 'best.safetensors'), 'no weights');
  writeFileSync(join(broken, 'metrics.jsonl'), '');
  const none = /^this is no run folder \(.+\): name a folder that attune finetune has written/;
  const cases = [
    [() => report({ run: folder }), none],
    [() => report({ run: join(folder, 'absent') }), none],
    [
      () => compare({ runs: [folder, damaged] }),
      /^fewer than two of these are runs .*: this is no run folder/,
    ],
    [() => compare({ runs: [damaged, folder] }), /^fewer than two of these are runs .*recipe\.json/],
    [() => compare({ runs: [damaged] }), /recipe\.json/],
    // What is no run is told before a checkpoint is opened.
    [
      () => compare({ runs: [broken, folder] }),
      /^fewer than two of these are runs .*: this is no run folder/,
    ],
    [
      () => compare({ runs: [broken, broken], data: join(folder, 'gone') }),
      /^there is no such file .*gone\)/,
    ],
    [() => compare({ runs: [] }), /^a comparison needs two runs/],
  ] as const;
  for (const [work, message] of cases) {
    const error = await (work() as Promise<unknown>).then(
      () => null,
      (thrown: Error) => thrown,
    );
    assert.match(error?.message ?? '', message);
  }
  assert.equal(readdirSync(folder).sort(), ['broken', 'damaged'], 'nothing was written');
});

test.run();
