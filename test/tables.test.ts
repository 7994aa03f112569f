/** What a table holds is known to its rows alone: no code outside them asks which row is at work. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { METHOD_FIELDS } from '#src/methods/index';
import { camelCase } from '#src/option-names';
import { rowOf, TASK_KINDS } from '#src/tasks/index';
import { MODEL_NAMES } from '#src/models/index';
import * as v from 'valibot';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Each source file without its comments. */
const SOURCES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({
    path: path.replaceAll('\\', '/'),
    text: readFileSync(join(SRC, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, ''),
  }));

/** Where the rows of tasks are, and the data that a report has of each. */
const TASK_ROWS =
  /^(?:tasks\/|report\/tasks\/|cli\/tasks\/|report\/run\/(?:classified|valued)-part\.ts|report\/run\/report-data\.ts)/;

/** What a file says that only a row may say, as `path: line`. */
function found(pattern: RegExp, rows: RegExp): string[] {
  return SOURCES.filter(({ path }) => !rows.test(path)).flatMap(({ path, text }) =>
    text
      .split('\n')
      .filter((line) => pattern.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
}

test('no code outside the rows of tasks asks which task is at work', () => {
  const names = TASK_KINDS.join('|');
  const asks = new RegExp(`[=!]==? *'(?:${names})'|'(?:${names})' *[=!]==?|case '(?:${names})'`);
  assert.equal(found(asks, TASK_ROWS), []);
  assert.equal(found(/task\.info\.kind *[=!]==/, TASK_ROWS), []);
  // That a document has another task's keys is the same question.
  assert.equal(found(/'(?:columns|classes|per_column|values|predictions)' in /, TASK_ROWS), []);
});

test('no code outside the rows of tasks lists their measures', () => {
  const keys = TASK_KINDS.flatMap((kind) => rowOf(kind).measures.fold.map(({ key }) => key));
  const others = keys.filter((key) => key !== 'loss');
  const one = `'(?:${others.join('|')})'`;
  const lists = new RegExp(`${one}.*${one}`);
  assert.equal(found(lists, TASK_ROWS), []);
});

test('every task has measures that agree', () => {
  for (const kind of TASK_KINDS) {
    const { epoch, training, fold, ranking, rightShare } = rowOf(kind).measures;
    const keys = fold.map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length, `${kind}: each is listed once`);
    for (const { key } of [...epoch, ...ranking]) assert.ok(keys.includes(key), `${kind}: ${key} of folds`);
    for (const measure of training) assert.ok(epoch.includes(measure), `${kind}: ${measure.key} of epochs`);
    assert.ok(ranking.length > 0, `${kind}: two epochs can be compared`);
    assert.ok(rightShare === null || fold.includes(rightShare), `${kind}: the share that is right`);
  }
});

/** Where the rows of methods are. */
const METHOD_ROWS = /^methods\//;
/** Recipes by name set what they will. */
const NAMED_RECIPES = /^(?:methods\/|recipe\/recipes\.ts)/;

test('no code outside the rows of methods reads their fields', () => {
  const fields = Object.keys(METHOD_FIELDS).join('|');
  // As a property, a key or a name that is taken out of a recipe.
  assert.equal(found(new RegExp(`\\brecipe\\.(?:${fields})\\b`), METHOD_ROWS), []);
  const quoted = found(new RegExp(`'(?:${fields})'`), METHOD_ROWS);
  // Batches have an option of the name, files of others a key, and the program knows what others call a flag.
  assert.equal(
    quoted.filter((line) => !/^(?:inputs\/|formats\/|cli\/other-names\.ts)/.test(line)),
    [],
  );
  const unlike = Object.keys(METHOD_FIELDS)
    .filter((field) => field.includes('_'))
    .join('|');
  assert.equal(found(new RegExp(`\\b(?:${unlike})\\b`), NAMED_RECIPES), []);
});

test('no code outside methods and optimisers asks which part of a step it has', () => {
  const parts = readdirSync(join(SRC, 'optim')).flatMap((name) =>
    Array.from(
      readFileSync(join(SRC, 'optim', name), 'utf8').matchAll(/class (\w+) implements StepPart/g),
      ([, part]) => part,
    ),
  );
  assert.equal(parts.toSorted(), ['PullToStart', 'SharpnessAware', 'WeightAverage']);
  assert.equal(found(new RegExp(`\\b(?:${parts.join('|')})\\b`), /^(?:methods\/|optim\/|index\.ts)/), []);
});

/** Where the families are, and the recipes and measurements that are of one network. */
const FAMILY_ROWS =
  /^(?:models\/|examples\/|recipe\/recipes\.ts|finetune\/(?:bench\/|measure\.ts)|index\.ts)/;
/** What is typed has networks as examples: in help texts, and in one hint. */
const TYPED = /^(?:cli\/|weights\/hub-name\.ts)/;
/** Within the folder: the file of each family, the names, and what is exported of them. */
const FAMILY_FILES =
  /^models\/(?:(?:keras-)?(?:resnet|mobilenet|efficientnet|convnext|vgg)[^/]*|names|families|index)\.ts$/;

test('no code outside the rows of inputs spells the shape of an image', () => {
  // Operations on images and their SIMD have them, an example is the code of a user, and a ResNet's are those of kernels.
  const rows = /^(?:inputs\/image\/|ops\/image\/|device\/cpu\/simd\/|examples\/|models\/(?:keras-)?resnet)/;
  const side = '(?:\\w*\\.)?(?:side|height|width|h|w)';
  const shapes = new RegExp(`${side}, *${side}, *3\\b|${side} *(?:\\*\\* *2|\\* *${side}) *\\* *3\\b`, 'i');
  assert.equal(found(shapes, rows), []);
});

test('no code outside the families names a network', () => {
  const names = new RegExp(`'(?:${MODEL_NAMES.join('|')})'`);
  assert.equal(found(names, FAMILY_ROWS), []);
  const families = /mobilenet|resnet|efficientnet|convnext|\bvgg/i;
  assert.equal(
    found(families, FAMILY_ROWS).filter((line) => !TYPED.test(line)),
    [],
  );
  const within = found(families, FAMILY_FILES).filter((text) => text.startsWith('models/'));
  assert.equal(within, []);
});

test('every method has a field, and each field is of one method', () => {
  const files = readdirSync(join(SRC, 'methods')).filter(
    (name) => !/^(?:field|index|method)\.ts$/.test(name),
  );
  const table = readFileSync(join(SRC, 'methods/index.ts'), 'utf8');
  for (const file of files)
    assert.ok(table.includes(`'./${file.replace(/ts$/, 'js')}'`), `${file} is in the table`);
  const rows = files.map((file) => readFileSync(join(SRC, 'methods', file), 'utf8')).join('\n');
  for (const name of Object.keys(METHOD_FIELDS))
    assert.match(
      rows,
      new RegExp(`\\*/\\n  readonly ${camelCase(name)}\\?: `),
      `the option of ${name} is described`,
    );
  for (const [name, { help, value, takes, schema, default: usual }] of Object.entries(METHOD_FIELDS)) {
    assert.match(help, /Default: /, `${name} tells its default`);
    assert.match(value, /^<.+>$/, name);
    assert.ok(v.safeParse(schema, usual).success, `the default of ${name} is one of its values`);
    if (takes.kind === 'number')
      for (const beyond of [takes.least - 1, takes.most + 1])
        assert.not.ok(v.safeParse(schema, beyond).success, `${name}: ${beyond}`);
  }
});

test.run();
