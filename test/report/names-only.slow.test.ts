/** What is handed on tells files and folders by their names: no path of this machine is in it. Going on needs them, and has them. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert, finetune, resume } from '#src/finetune/index';
import { nameOfWeights, sentenceWithName, withNamesOnly } from '#src/recipe/names-only';
import { compare, report } from '#src/report/index';
import { fullRun } from '../finetune/full-support.js';
import { imageFolderOf, newFolder, scratch, writeWeights } from '../finetune/support.js';

const CPU = { device: 'cpu', threads: 1, workers: 1 } as const;

/** Fails where a file holds the folder of the tests, which all paths begin with. */
function assertWithoutPaths(path: string): void {
  const text = readFileSync(path, 'latin1');
  const at = text.indexOf(scratch);
  assert.ok(at < 0, `${basename(path)}: ${text.slice(Math.max(0, at - 60), at + 120)}`);
}

test('neither checkpoints nor exports, event files or pages hold a path', async () => {
  const data = imageFolderOf(['ant', 'bee'], 6);
  const val = imageFolderOf(['ant', 'bee'], 2);
  const weights = await writeWeights(join(newFolder(), 'mine.safetensors'), 5, 1000, 'resnet-small');
  const options = { ...fullRun(data, { val, weights, epochs: 1, batchSize: 8 }), histograms: false };
  const { run } = await finetune(options);
  await report({ run, ...CPU });
  const handedOn = readdirSync(run).filter((name) => /^(best|last|events|report)/.test(name));
  assert.ok(handedOn.length >= 4, handedOn.join(', '));
  for (const name of handedOn) assertWithoutPaths(join(run, name));
  for (const ending of ['onnx', 'json', 'h5', 'safetensors']) {
    const { files } = await convert({ from: run, to: join(newFolder(), `model.${ending}`) });
    for (const file of files) assertWithoutPaths(file);
  }
  const page = readFileSync(join(run, 'report.html'), 'utf8');
  assert.match(
    page,
    new RegExp(`npx attune finetune ${basename(data)} --recipe ${basename(run)}/recipe.json`),
  );
  assert.ok(page.includes('mine.safetensors') && page.includes(`those of ${basename(val)}`));

  // Beside a run of other images, and a folder that is none.
  const other = newFolder();
  cpSync(run, other, { recursive: true });
  const stored = JSON.parse(readFileSync(join(run, 'recipe.json'), 'utf8'));
  writeFileSync(join(other, 'recipe.json'), JSON.stringify({ ...stored, data: val }));
  const out = join(newFolder(), 'compare.html');
  const broken = newFolder();
  const compared = await compare({ runs: [run, other, broken], out, evaluate: false });
  assert.is(compared.skipped.length, 1);
  assert.equal(compared.differences, [{ field: 'data', values: [basename(data), basename(val)] }]);
  assertWithoutPaths(out);

  // The recipe and the state have them: the run goes on from where its images lie.
  assert.equal([stored.data, stored.val, stored.weights], [data, val, weights]);
  const more = await resume({ resume: run, epochs: 2 });
  assert.is(more.epochs.filter(({ stage }) => stage === 'full').length, 2);
  assertWithoutPaths(join(run, 'best.safetensors'));
});

test('names of the catalogue and of the hub stay, files lose their folders, and null stays null', () => {
  assert.equal(
    ['resnet50-v1', 'none', 'hf:timm/resnet50.a1_in1k@abc', '/home/ada/w.pth', 'sub/w.pth'].map(
      nameOfWeights,
    ),
    ['resnet50-v1', 'none', 'hf:timm/resnet50.a1_in1k@abc', 'w.pth', 'w.pth'],
  );
  const recipe = { data: '../ada/birds/', val: null, weights: '/x/w.pth', epochs: 3 };
  assert.equal(withNamesOnly(recipe), { data: 'birds', val: null, weights: 'w.pth', epochs: 3 });
});

test('an error is told with the name of its file, and with what stands behind it', () => {
  const error = { code: 'input', what: 'it is damaged' } as const;
  assert.is(sentenceWithName({ ...error, where: '/home/ada/a.pth' }), 'it is damaged (a.pth)');
  assert.is(sentenceWithName({ ...error, where: '/a/b.h5, tensor c' }), 'it is damaged (b.h5, tensor c)');
  assert.is(sentenceWithName({ ...error, where: '--val', hint: 'x' }), 'it is damaged (--val): x');
});

test.run();
