/** CSV files of images and values: what is read, and what is refused with its line. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCsvFile, readValuesFile, type ValuesFileOptions } from '#src/inputs/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, inScratch, makeFiles } from '../support.js';

const image = 'chain-tiny.png';
const PICTURES = ['a.png', 'b.png', 'sub/c d.png', 'x,y.png', 'two\nlines.png'];

/** A file of this content beside some pictures. */
const withFile = (content: string | Uint8Array, body: (path: string, folder: string) => Promise<void>) =>
  inScratch(async (folder) => {
    makeFiles(folder, Object.fromEntries(PICTURES.map((name) => [name, image])));
    const path = join(folder, 'values.csv');
    writeFileSync(path, content);
    await body(path, folder);
  });

test('columns of numbers: paths are relative to the file, values in the order of the columns', () =>
  withFile('image,age,weight\na.png,31,78.5\nsub/c d.png,-4,1e3\n', async (path, folder) => {
    const file = await readValuesFile(path);
    assert.equal(file.columns, ['age', 'weight']);
    assert.equal(file.rows, [
      { image: { path: join(folder, 'a.png'), name: 'a.png', label: 0, values: [31, 78.5] }, part: null },
      {
        image: { path: join(folder, 'sub/c d.png'), name: 'sub/c d.png', label: 0, values: [-4, 1000] },
        part: null,
      },
    ]);
  }));

test('what spreadsheets write: a byte order mark, CRLF, quotes, spaces, an empty line, no line break at the end', () =>
  withFile('\ufeffimage, age\r\n"x,y.png", 1\r\n\r\n"two\nlines.png","2.5"\r\na.png,.5', async (path) => {
    const { columns, rows } = await readValuesFile(path);
    assert.equal(columns, ['age']);
    assert.equal(
      rows.map(({ image: { name, values } }) => [name, values[0]]),
      [
        ['x,y.png', 1],
        ['two\nlines.png', 2.5],
        ['a.png', 0.5],
      ],
    );
  }));

test('the wanted columns alone are looked at, in the order in which they are named', () =>
  withFile('image,note,age,weight\na.png,tall,31,78\n', async (path) => {
    const { columns, rows } = await readValuesFile(path, { columns: ['weight', 'age'] });
    assert.equal(
      [columns, rows[0]!.image.values],
      [
        ['weight', 'age'],
        [78, 31],
      ],
    );
  }));

test('a column split names the parts', () =>
  withFile('image,split,age\na.png,train,1\nb.png,Validation,2\nx,y.png', async (path) => {
    writeFileSync(path, 'image,split,age\na.png,train,1\nb.png,Validation,2\n"x,y.png",test,3\n');
    const { columns, rows } = await readValuesFile(path);
    assert.equal([columns, rows.map(({ part }) => part)], [['age'], ['train', 'val', 'test']]);
  }));

test('another folder can hold the images', () =>
  withFile('image,age\nc d.png,1\n', async (path, folder) => {
    const { rows } = await readValuesFile(path, { images: join(folder, 'sub') });
    assert.is(rows[0]!.image.path, join(folder, 'sub/c d.png'));
  }));

test('a file of values is told by its name', () => {
  assert.equal(['a.csv', 'A.CSV', 'csv', 'a.csv/b'].map(isCsvFile), [true, true, false, false]);
});

const REFUSED: readonly (readonly [
  what: string,
  content: string,
  words: RegExp,
  options?: ValuesFileOptions,
])[] = [
  [
    'a missing image',
    'image,age\na.png,1\nno.png,2\n',
    /^line 3: there is no image .*no\.png \(.*values\.csv\): paths are relative to .*; --images names another folder$/,
  ],
  [
    'several missing images',
    'image,age\nno.png,1\nb.png,2\nnor.png,3\n',
    /^line 2: there is no image .*no\.png, and 1 more are missing/,
  ],
  ['a folder for an image', 'image,age\nsub,1\n', /^line 2: there is no image .*sub /],
  [
    'text in a column of values',
    'image,age\na.png,1\nb.png,old\n',
    /^line 3, column age: "old" is no number \(.*\): .* --target, or one of labels with --label$/,
  ],
  [
    'a decimal comma',
    'image,age\na.png,"3,5"\n',
    /^line 2, column age: "3,5" is no number .*: write it with a point: 3\.5$/,
  ],
  ['no value', 'image,age,weight\na.png,,2\n', /^line 2, column age: the value is missing/],
  ['not a number', 'image,age\na.png,NaN\n', /^line 2, column age: "NaN" is no number/],
  ['infinity', 'image,age\na.png,-inf\n', /^line 2, column age: "-inf" is no number/],
  ['a number that overflows', 'image,age\na.png,1e999\n', /^line 2, column age: 1e999 is too large/],
  ['a hexadecimal number', 'image,age\na.png,0x10\n', /"0x10" is no number/],
  [
    'an image twice',
    'image,age\na.png,1\nb.png,1\n./a.png,2\n',
    /^line 4 names the image of line 2 again, \.\/a\.png/,
  ],
  ['no path', 'image,age\n,1\n', /^line 2 names no image/],
  ['a name twice in the header', 'image,age,age\na.png,1,2\n', /^the header has the column "age" twice/],
  [
    'two columns that say the part',
    'image,Split,age,split\na.png,train,1,val\n',
    /^the columns Split and split both say which part/,
  ],
  ['a column without a name', 'image,,age\na.png,1,2\n', /^column 2 has no name in the header/],
  [
    'an unknown column',
    'image,age,weight\na.png,1,2\n',
    /^there is no column of values called "wieght" .*: did you mean weight\?$/,
    { columns: ['age', 'wieght'] },
  ],
  [
    'a column like none',
    'image,age,weight\na.png,1,2\n',
    /: its columns are age, weight$/,
    { columns: ['colour'] },
  ],
  [
    'the column of images as one of values',
    'image,age\na.png,1\n',
    /^there is no column of values called "image"/,
    { columns: ['image'] },
  ],
  ['a column twice', 'image,age\na.png,1\n', /^the column age is named twice/, { columns: ['age', 'age'] }],
  [
    'an unknown part',
    'image,age,split\na.png,1,rest\n',
    /^line 2, column split: "rest" is no part of the images .*: write train, val or test$/,
  ],
  [
    'a row that is too long',
    'image,age\na.png,1\nx,y.png,2\n',
    /^line 3 has 3 fields, and the header 2 .*: a field with a comma in it stands in quotes$/,
  ],
  [
    'a quote that stays open',
    'image,age\n"a.png,1\nb.png,2\n',
    /^a quote in the row that begins on line 2 is not closed/,
  ],
  [
    'a row that is too short',
    'image,age\na.png\n',
    /^line 2 has 1 field, and the header 2 .*: give the row as many$/,
  ],
  ['no header', 'a.png,1\nb.png,2\n', /^the first line is no header but names an image .*: write a header/],
  ['a quote inside a field', 'image,age\na"b.png,1\n', /^line 2 has a quote inside a field/],
  ['text behind a quote', 'image,age\n"a"b.png,1\n', /^line 2 has a quote inside a field/],
  ['semicolons', 'image;age\na.png;1,5\n', /^fields are not separated by commas/],
  ['a header alone', 'image,age\n', /^there are no rows below the header/],
  ['nothing', '', /^the file is empty/],
  ['one column', 'image\na.png\n', /^there is no column beside that of the images \(/],
];

for (const [what, content, words, options] of REFUSED) {
  test(`refused: ${what}`, () =>
    withFile(content, async (path) => {
      await fails(readValuesFile(path, options), 'data', words);
    }));
}

test('refused: text that is not UTF-8', () =>
  withFile(Buffer.from('image,age\na.png,1\n\nm\xfcll.png,1\nb.png,2\n', 'latin1'), async (path) => {
    await fails(readValuesFile(path), 'data', /^the text of line 4 is not UTF-8/);
  }));

if (process.platform !== 'win32')
  test('refused: a pipe, which is no folder either', () =>
    inScratch(async (folder) => {
      const path = join(folder, 'pipe.csv');
      execFileSync('mkfifo', [path]);
      await fails(readValuesFile(path), 'input', /^this is no regular file, .*: write the rows into a file$/);
    }));

test('refused: a header above 1 MB, which has no open quote', () =>
  withFile(`image,${'x'.repeat(600_000)},${'y'.repeat(600_000)}\na.png,1,2\n`, async (path) => {
    await fails(readValuesFile(path), 'data', /^line 1 has more than 1\.0 MB .*: leave out columns/);
  }));

test('refused: a quote that stays open for more than 1 MB, with the line of its row', () =>
  withFile(`image,age\na.png,1\n\nb.png,"2\n${'c.png,3\n'.repeat(130_000)}`, async (path) => {
    await fails(readValuesFile(path), 'data', /^a quote in the row that begins on line 4 is not closed/);
  }));

test('refused: more columns than anybody wants values of', () =>
  withFile(
    `image,${Array.from({ length: 1001 }, (_, i) => `c${i}`).join()}\na.png${',1'.repeat(1001)}\n`,
    async (path) => {
      await fails(
        readValuesFile(path),
        'data',
        /^there are 1,001 columns of values, more than 1,000 .*--target/,
      );
      const { rows } = await readValuesFile(path, { columns: ['c1000'] });
      assert.equal(rows[0]!.image.values, [1]);
    },
  ));

test('names of columns are those that one sees: the same in another normal form is twice', () =>
  withFile('image,\u00e9,e\u0301\na.png,1,2\n', async (path) => {
    await fails(readValuesFile(path), 'data', /^the header has the column "\u00e9" twice/);
    writeFileSync(path, 'image,e\u0301\na.png,1\n');
    const { columns } = await readValuesFile(path, { columns: ['\u00e9'] });
    assert.equal(columns, ['\u00e9']);
  }));

for (const word of ['constructor', '__proto__', 'toString']) {
  test(`refused: ${word} as a part, which every object has`, () =>
    withFile(`image,age,split\na.png,1,train\nb.png,2,${word}\n`, async (path) => {
      await fails(readValuesFile(path), 'data', new RegExp(`^line 3, column split: "${word}" is no part`));
    }));
  test(`a column may be called ${word}`, () =>
    withFile(`image,${word}\na.png,1.5\n`, async (path) => {
      const { columns, rows } = await readValuesFile(path);
      assert.equal([columns, rows[0]!.image.values], [[word], [1.5]]);
    }));
}

test('refused: a file that is missing, a folder, or too large to be read as a whole', () =>
  withFile('', async (path, folder) => {
    await fails(
      readValuesFile(join(folder, 'value.csv')),
      'input',
      /^there is no such file .*: did you mean .*values\.csv\?$/,
    );
    mkdirSync(join(folder, 'folder.csv'));
    await fails(readValuesFile(join(folder, 'folder.csv')), 'input', /^this is a folder/);
    truncateSync(path, 65_000_000);
    await fails(readValuesFile(path), 'input', /^the file has 65\.0 MB, more than 64\.0 MB/);
  }));

test.run();
