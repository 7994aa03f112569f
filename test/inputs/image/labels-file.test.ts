/** CSV files of images and labels: what is read as a folder of class folders is, and which column holds labels. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { imageFolder, type LabelsFileOptions, readImageTable, readLabelsFile } from '#src/inputs/index';
import { chooseTask } from '#src/runs/data/data-set';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, inScratch, makeFiles } from '../support.js';

const NOT_NAMED = { label: null, target: null };

/** A file of these lines below a header, beside an empty picture for each of them. */
const withRows = (
  header: string,
  rows: readonly string[],
  body: (path: string, folder: string) => Promise<void>,
) =>
  inScratch(async (folder) => {
    for (const row of rows) {
      const image = join(folder, row.split(',')[0]!);
      mkdirSync(dirname(image), { recursive: true });
      writeFileSync(image, '');
    }
    const path = join(folder, 'labels.csv');
    writeFileSync(path, `${[header, ...rows].join('\n')}\n`);
    await body(path, folder);
  });

const ANIMALS = ['b.png,cat', 'a.png,dog', 'sub/c.png,cat', 'd.png,ant'];

test('classes are the labels in order, images are sorted by class and name', () =>
  withRows('file,species', ANIMALS, async (path, folder) => {
    const { root, classes, train, val, test: tested, skipped } = await readLabelsFile(path);
    assert.equal([root, classes, val, tested, skipped], [path, ['ant', 'cat', 'dog'], null, null, []]);
    assert.equal(
      train.map(({ name, label }) => [name, label]),
      [
        ['d.png', 0],
        ['b.png', 1],
        ['sub/c.png', 1],
        ['a.png', 2],
      ],
    );
    assert.is(train[2]!.path, join(folder, 'sub/c.png'));
  }));

test('a CSV file says what class folders say', () =>
  inScratch(async (folder) => {
    const names = ['ant/a.png', 'ant/b.png', 'bee/a.png', 'Zebra/a.png', 'éland/a.png'];
    makeFiles(folder, Object.fromEntries(names.map((name) => [`photos/${name}`, 'chain-tiny.png'])));
    const path = join(folder, 'labels.csv');
    const lines = names.toReversed().map((name) => `${name},${dirname(name)}`);
    writeFileSync(path, `image,label\n${lines.join('\n')}\n`);
    const of = await imageFolder(join(folder, 'photos'));
    const { classes, train } = await readLabelsFile(path, { images: join(folder, 'photos') });
    assert.equal([classes, train], [of.classes, of.train]);
  }));

test('a column split names the parts; classes are those that train', () =>
  withRows(
    'image,split,label',
    ['a.png,train,x', 'b.png,train,y', 'c.png,val,y', 'd.png,test,x', 'e.png,test,y'],
    async (path) => {
      const { classes, train, val, test: tested } = await readLabelsFile(path);
      const labels = [train, val!, tested!].map((part) => part.map(({ label }) => label));
      assert.equal(
        [classes, labels],
        [
          ['x', 'y'],
          [[0, 1], [1], [0, 1]],
        ],
      );
    },
  ));

test('labels that are whole numbers are in the order of their size, so that they are the outputs', () =>
  withRows(
    'image,digit',
    ['10', '9', '2', '10', '9', '2'].map((digit, i) => `${i}.png,${digit}`),
    async (path) => assert.equal((await readLabelsFile(path)).classes, ['2', '9', '10']),
  ));

test('another file can validate, and a column split in it says which of its rows', () =>
  withRows('image,label', ['a.png,x', 'b.png,y', 'c.png,y', 'd.png,x'], async (path, folder) => {
    writeFileSync(path, 'image,label\na.png,x\nb.png,y\n');
    const val = join(folder, 'val.csv');
    writeFileSync(val, 'image,label\nc.png,y\nd.png,x\n');
    assert.is((await readLabelsFile(path, { val })).val!.length, 2);
    writeFileSync(val, 'image,label,split\nc.png,y,val\nd.png,x,test\n');
    const folderOf = await readLabelsFile(path, { val });
    assert.equal(
      folderOf.val!.map(({ name }) => name),
      ['c.png'],
    );
    assert.equal(folderOf.skipped, [{ path: val, reason: '1 row of other parts, which do not validate' }]);
    writeFileSync(val, 'image,label,split\nc.png,y,train\n');
    await fails(readLabelsFile(path, { val }), 'data', /^the column split names no row to validate with/);
    writeFileSync(val, 'image,label\nc.png,y\na.png,x\n');
    await fails(
      readLabelsFile(path, { val }),
      'usage',
      /^a\.png is among the training images, too \(--val\)/,
    );
  }));

const REFUSED: readonly (readonly [
  what: string,
  header: string,
  rows: readonly string[],
  words: RegExp,
  options?: LabelsFileOptions,
])[] = [
  [
    'a missing label',
    'image,label',
    ['a.png,x', 'b.png,', 'c.png,y'],
    /^line 3, column label: the label is missing/,
  ],
  [
    'a label of validation that training has not',
    'image,species,split',
    ['a.png,spider,train', 'b.png,beetle,train', 'c.png,spidre,val'],
    /^line 4, column species: training has no class "spidre" .*: did you mean spider\?$/,
  ],
  [
    'a label like none',
    'image,species,split',
    ['a.png,spider,train', 'b.png,beetle,train', 'c.png,cow,test'],
    /has no class "cow" .*: its classes are beetle, spider$/,
  ],
  ['one class', 'image,label', ['a.png,x', 'b.png,x'], /^there is one class only, "x", in the column label/],
  [
    'several labels of an image',
    'image,label',
    ['a.png,x', 'b.png,x;y', 'c.png,y'],
    /^line 3, column label: "x;y" names several labels/,
  ],
  [
    'a number in two spellings',
    'image,label',
    ['a.png,1', 'b.png,0', 'c.png,1.0', 'd.png,0', 'e.png,1', 'f.png,1'],
    /^line 4, column label: "1\.0" is the number "1" of line 2, spelled in another way/,
  ],
  [
    'an unknown column',
    'image,species',
    ['a.png,x', 'b.png,y'],
    /^there is no column of labels called "specie" .*: did you mean species\?$/,
    { label: 'specie' },
  ],
  [
    'an image twice, with two labels',
    'image,label',
    ['a.png,x', './a.png,y'],
    /^line 3 names the image of line 2 again/,
  ],
  ['values', 'image,age', ['a.png,1.5', 'b.png,2.5'], /^its columns hold values: age .*readValuesFile$/],
];

for (const [what, header, rows, words, options] of REFUSED) {
  test(`refused: ${what}`, () =>
    withRows(header, rows, async (path) => {
      await fails(readLabelsFile(path, options), 'data', words);
    }));
}

test('refused: an image that is missing, counted over all parts', () =>
  withRows('image,label,split', ['a.png,x,train'], async (path) => {
    writeFileSync(path, 'image,label,split\na.png,x,train\nb.png,y,train\nc.png,x,val\n');
    await fails(readLabelsFile(path), 'data', /^line 3: there is no image .*b\.png, and 1 more are missing/);
  }));

test('a signal ends the reading of a long file, and the looking through its rows', () =>
  inScratch(async (folder) => {
    const path = join(folder, 'long.csv');
    writeFileSync(
      path,
      `image,label\n${Array.from({ length: 100_000 }, (_, i) => `${i}.png,${i}`).join('\n')}`,
    );
    const reading = new AbortController();
    setTimeout(() => reading.abort(), 1);
    await fails(readImageTable(path, undefined, reading.signal), 'interrupted', /reading was interrupted/);
    const choosing = new AbortController();
    const table = await readImageTable(path, undefined, choosing.signal);
    setTimeout(() => choosing.abort(), 1);
    await fails(chooseTask(table, NOT_NAMED), 'interrupted', /reading was interrupted/);
  }));

/** Which columns of a header and its rows are learnt. */
async function choose(header: string, rows: readonly string[]) {
  const found: { label: string | null; target: readonly string[] | null; note: string | null }[] = [];
  await inScratch(async (folder) => {
    const path = join(folder, 'table.csv');
    writeFileSync(path, `${[header, ...rows.map((row, i) => `${i}.png,${row}`)].join('\n')}\n`);
    const { learnt, note } = await chooseTask(await readImageTable(path), NOT_NAMED);
    found.push({ ...learnt, note });
  });
  return found[0]!;
}

const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

test('text is labels, and fractions are values', async () => {
  const text = await choose('image,species', ['ant', 'bee', 'ant']);
  assert.equal([text.label, text.target], ['species', null]);
  assert.is(text.note, 'Column species holds 2 different texts, taken as labels.');
  const { label, target, note } = await choose('image,weight', ['1.5', '2', '1.5', '2']);
  assert.equal([label, target, note], [null, ['weight'], null]);
  const both = await choose('image,height,weight', ['1.5,2', '2.5,3.5']);
  assert.equal([both.label, both.target], [null, ['height', 'weight']]);
  const commas = await choose('image,weight', ['"1,5"', '"2,5"', '"1,5"', '"2,5"']);
  assert.equal(commas.target, ['weight'], 'so that the comma is told, and no class is called "1,5"');
});

test('a few whole numbers that come back are labels, and what to type for values is said', async () => {
  const { label, note } = await choose(
    'image,grade',
    times(40, (i) => String(1 + (i % 5))),
  );
  assert.is(label, 'grade');
  assert.is(
    note,
    'Column grade holds 5 different whole numbers, taken as labels; --target grade takes them as values.',
  );
});

test('an age of 80 different years is a value, and what to type for labels is said', async () => {
  const ages = times(1000, (i) => String(1 + ((i * 37) % 80)));
  const { target, note } = await choose('image,age', ages);
  assert.equal(target, ['age']);
  assert.is(
    note,
    'Column age holds 80 different whole numbers, taken as values; --label age takes them as labels.',
  );
  // The same numbers, called what class indices are called.
  assert.is((await choose('image,class_id', ages)).label, 'class_id');
  // Nearly all different: nobody has a class of one image.
  assert.equal(
    (
      await choose(
        'image,price',
        times(9, (i) => String(100 * i)),
      )
    ).target,
    ['price'],
  );
});

test('the column that is called label, class or category is it, and what is not used is said', async () => {
  for (const name of ['label', 'Class', 'category_id', 'labels']) {
    const rows = ['ant,3,1.5', 'bee,4,2.5', 'ant,3,1.5', 'ant,4,2.5'];
    const { label, note } = await choose(`image,${name},legs,weight`, rows);
    assert.is(label, name);
    assert.match(note!, / Not used: legs, weight\.$/);
  }
  // A word within another is none.
  await fails(choose('image,subclassing,legs', ['a,3', 'b,3']), 'data', /^several columns/);
});

test('what is not clear is refused, with what to type', async () => {
  await fails(
    choose('image,species,weight', ['ant,1.5', 'bee,2.5']),
    'data',
    /^several columns could be what is to be learnt: species \(2 different texts\), weight \(fractions\) .*: name the one of labels, as in --label species, or those of values, as in --target weight$/,
  );
  await fails(
    choose('image,red,round', ['0,1', '1,1', '0,0', '1,0']),
    'data',
    /^several columns .* --label red, or those of values, as in --target red,round$/,
  );
  await fails(
    choose('image,label,class', ['a,b', 'b,a']),
    'data',
    /^several columns could be what is to be learnt/,
  );
  await fails(
    choose('image,age', ['31', 'old', '31']),
    'data',
    /^line 3, column age: "old" is no number, and others in the column are .*--label age takes them as labels$/,
  );
  await fails(
    choose(
      'image,caption',
      times(30, (i) => `a picture of ${i} ants`),
    ),
    'data',
    /^the column caption has 30 different texts on 30 lines, too many for labels .*: --label caption/,
  );
  await fails(choose('image,age', ['', '']), 'data', /^the column age is empty/);
});

test('names of every object are labels like others', () =>
  withRows(
    'image,label',
    ['a.png,constructor', 'b.png,__proto__', 'c.png,toString', 'd.png,__proto__'],
    async (path) => {
      const { classes, train } = await readLabelsFile(path);
      assert.equal(classes, ['__proto__', 'constructor', 'toString']);
      assert.equal(
        train.map(({ label }) => label),
        [0, 0, 1, 2],
      );
    },
  ));

test.run();
