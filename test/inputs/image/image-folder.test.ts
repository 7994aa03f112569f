/** Which files become images, which folders become classes, and what is reported. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readImageFile } from '#src/inputs/image/decode';
import { classFolder, imageFolder } from '#src/inputs/image/image-folder';
import { IMAGE_FILES } from '#src/inputs/image/image-files';
import { compareCodePoints, listFiles } from '#src/inputs/walk';
import { HEAT_MAP_METHODS } from '#src/report/explain/methods';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, inScratch, makeFiles } from '../support.js';

const image = 'chain-tiny.png';
const names = (images: readonly { name: string }[] | null) => images?.map(({ name }) => name);

/** Makes files of the same small picture. */
const makeImages = (folder: string, paths: string[]) =>
  makeFiles(folder, Object.fromEntries(paths.map((path) => [path, image])));

const inFolder = (paths: string[], body: (folder: string) => Promise<void>) => () =>
  inScratch(async (folder) => {
    makeImages(folder, paths);
    await body(folder);
  });

test(
  'class folders: classes and images in order of code points, nested images belong to their class',
  inFolder(
    ['b/2.JPG', 'b/10.png', 'Zebra/x.webp', 'a/deep/er/1.gif', 'a/0.tif', 'a/1.avif'],
    async (folder) => {
      const data = await imageFolder(folder);
      assert.equal(data.classes, ['Zebra', 'a', 'b']);
      assert.equal(names(data.train), [
        'Zebra/x.webp',
        'a/0.tif',
        'a/1.avif',
        'a/deep/er/1.gif',
        'b/10.png',
        'b/2.JPG',
      ]);
      assert.equal(
        data.train.map(({ label }) => label),
        [0, 1, 1, 1, 2, 2],
      );
      assert.is(data.train[3].path, join(folder, 'a', 'deep', 'er', '1.gif'));
      assert.equal([data.val, data.test, data.skipped], [null, null, []]);
    },
  ),
);

for (const name of ['val', 'valid', 'validation', 'Val']) {
  test(
    `train/ and ${name}/: classes from training, the others mapped by name`,
    inFolder(
      ['train/a/1.jpg', 'train/b/1.jpg', 'train/c/1.jpg', `${name}/c/2.jpg`, 'test/b/3.jpg'],
      async (folder) => {
        const data = await imageFolder(folder);
        assert.equal(data.classes, ['a', 'b', 'c']);
        assert.equal(
          data.val?.map(({ label }) => label),
          [2],
        );
        assert.equal(
          data.test?.map(({ label }) => label),
          [1],
        );
      },
    ),
  );
}

test('train/ beside other folders is a class; alone, or beside test/, it is the training part', async () => {
  await inFolder(['train/1.jpg', 'bus/1.jpg', 'car/1.jpg'], async (folder) => {
    assert.equal((await imageFolder(folder)).classes, ['bus', 'car', 'train']);
  })();
  await inFolder(['train/a/1.jpg', 'train/b/1.jpg', 'test/a/1.jpg'], async (folder) => {
    const data = await imageFolder(folder);
    assert.equal([data.classes, data.val, data.test?.length], [['a', 'b'], null, 1]);
  })();
});

test('folders of classes in train/ and another folder beside it are unclear; one folder too high is told', async () => {
  await inFolder(['Train/a/1.jpg', 'Train/b/1.jpg', 'unlabelled/1.jpg'], async (folder) => {
    await fails(
      imageFolder(folder),
      'data',
      /"Train" holds folders as of classes, and "unlabelled" stands beside it, .*: move "unlabelled" elsewhere or name .*Train itself; if "Train" is a class, move all/,
    );
  })();
  // A class whose images are sorted once more.
  await inFolder(['train/goods/1.jpg', 'bus/1.jpg'], async (folder) => {
    assert.equal((await imageFolder(folder)).classes, ['bus', 'train']);
  })();
  await inFolder(['photos/a/1.jpg', 'photos/b/1.jpg'], async (folder) => {
    await fails(
      imageFolder(folder),
      'data',
      /one class only, "photos" .*: name .*photos, if its folders are/,
    );
  })();
});

test('"valid" beside "invalid" is a class, whatever folders are in it; so is any name, once all are in train/', async () => {
  const classes = ['valid/old/1.jpg', 'valid/new/1.jpg', 'Invalid/old/1.jpg', 'Invalid/new/1.jpg'];
  await inFolder(classes, async (folder) => {
    const data = await imageFolder(folder);
    assert.equal([data.classes, data.val, data.train.length], [['Invalid', 'valid'], null, 4]);
  })();
  // A misspelt train/ looks the same, but for its name.
  await inFolder(
    ['training/a/1.jpg', 'training/b/1.jpg', 'valid/a/1.jpg', 'valid/b/1.jpg'],
    async (folder) => {
      await fails(imageFolder(folder), 'data', /^"valid" holds folders as of classes, and "training" stands/);
    },
  )();
  const moved = [
    'train/train/steam/1.jpg',
    'train/train/diesel/1.jpg',
    'train/test/1.jpg',
    'train/bus/1.jpg',
  ];
  await inFolder(moved, async (folder) => {
    assert.equal((await imageFolder(folder)).classes, ['bus', 'test', 'train']);
  })();
  await inFolder([...classes, 'train/a/1.jpg', 'train/b/1.jpg'], async (folder) => {
    await fails(imageFolder(folder), 'data', /training has no class "new", "old"/);
  })();
});

test('parts by other names are refused as classes; classes of such names, with other folders in them, are not', async () => {
  const layouts = [
    ['training_set', 'test_set'],
    ['Training', 'Testing'],
    ['seg_train', 'seg_test'],
  ];
  for (const [train, other] of layouts) {
    const paths = [train, other].flatMap((part) => ['cat', 'dog'].map((name) => `${part}/${name}/1.jpg`));
    await inFolder(paths, async (folder) => {
      const words = `hold folders of the same names, .*name ${join(folder, train)} itself; if they are classes, move`;
      await fails(imageFolder(folder), 'data', new RegExp(words));
    })();
    const moved = paths.map((path) => `train/${path}`);
    await inFolder(moved, async (folder) => {
      assert.equal((await imageFolder(folder)).classes, [train, other].sort());
    })();
  }
  const classes = ['train-station/old/1.jpg', 'train-station/new/1.jpg', 'test-tube/1.jpg', 'cat/old/1.jpg'];
  await inFolder(classes, async (folder) => {
    assert.equal((await imageFolder(folder)).classes, ['cat', 'test-tube', 'train-station']);
  })();
});

test('folders of classes in val/ or test/ beside class folders are unclear, unless --val names them', async () => {
  for (const part of ['val', 'test']) {
    await inFolder(['a/1.jpg', 'b/1.jpg', `${part}/a/2.jpg`, `${part}/b/2.jpg`], async (folder) => {
      await fails(
        imageFolder(folder),
        'data',
        new RegExp(
          `^"${part}" holds folders as of classes, and "a" stands beside it, .*: move the class folders into .*train, with "${part}" if it is a class$`,
        ),
      );
      const { classes, train, val } = await imageFolder(folder, { val: join(folder, part) });
      assert.equal(classes, ['a', 'b']);
      assert.equal(
        [names(train), names(val)],
        [
          ['a/1.jpg', 'b/1.jpg'],
          ['a/2.jpg', 'b/2.jpg'],
        ],
      );
    })();
  }
  await inFolder(['data/a/1.jpg', 'data/b/1.jpg', 'data/val/a/2.jpg', 'data/val/b/2.jpg'], async (folder) => {
    const [data, link] = [join(folder, 'data'), join(folder, 'link')];
    symlinkSync(data, link);
    for (const [path, other] of [
      [link, data],
      [data, link],
    ] as const) {
      const { classes, val } = await imageFolder(path, { val: join(other, 'val') });
      assert.equal(
        [classes, names(val)],
        [
          ['a', 'b'],
          ['a/2.jpg', 'b/2.jpg'],
        ],
        'reached by a link',
      );
    }
  })();
  await inFolder(['train/a/1.jpg', 'train/b/1.jpg', 'later/b/2.jpg'], async (folder) => {
    const { classes, val } = await imageFolder(folder, { val: join(folder, 'later') });
    assert.equal([classes, names(val)], [['a', 'b'], ['b/2.jpg']]);
  })();
});

test(
  'a folder to validate or test with that has images of training is refused, reached by a link as well',
  inFolder(['data/a/1.jpg', 'data/b/1.jpg', 'parts/train/a/1.jpg', 'parts/train/b/1.jpg'], async (folder) => {
    const [data, link, parts] = ['data', 'link', 'parts'].map((name) => join(folder, name));
    symlinkSync(data, link);
    for (const val of [data, link])
      await fails(
        imageFolder(data, { val }),
        'usage',
        /^a\/1\.jpg is among the training images, too \(--val\): validate with other images$/,
      );
    mkdirSync(join(parts, 'test'));
    symlinkSync(join(parts, 'train', 'b'), join(parts, 'test', 'b'));
    await fails(
      imageFolder(parts),
      'data',
      /^b\/1\.jpg is among the training images, too \(.*test\): put other images there, or remove the folder$/,
    );
  }),
);

test(
  'two classes that are links to one folder are refused',
  inFolder(['a/1.jpg', 'b/1.jpg'], async (folder) => {
    symlinkSync(join(folder, 'b'), join(folder, 'c'));
    await fails(
      imageFolder(folder),
      'data',
      /^b\/1\.jpg and c\/1\.jpg are one file, which cannot be of two classes \(.*\): remove the link/,
    );
  }),
);

test(
  'images that are linked one by one are told by the file that they lead to',
  inFolder(['all/1.jpg', 'all/2.jpg', 'all/3.jpg', 'all/4.jpg'], async (folder) => {
    const data = join(folder, 'data');
    const link = (image: string, name: string) => {
      mkdirSync(dirname(join(data, name)), { recursive: true });
      symlinkSync(join(folder, 'all', image), join(data, name));
    };
    link('1.jpg', 'train/a/one.jpg');
    link('2.jpg', 'train/b/two.jpg');
    link('3.jpg', 'val/a/three.jpg');
    const { val } = await imageFolder(data);
    assert.equal(names(val), ['a/three.jpg']);

    link('1.jpg', 'val/a/again.jpg');
    await fails(imageFolder(data), 'data', /^a\/again\.jpg is among the training images, too \(.*val\)/);
    const trained = join(data, 'train');
    await fails(
      imageFolder(trained, { val: join(data, 'val') }),
      'usage',
      /^a\/again\.jpg is among the training images, too \(--val\)/,
    );
    rmSync(join(data, 'val', 'a', 'again.jpg'));
    // By way of another link.
    symlinkSync(join(data, 'train', 'b', 'two.jpg'), join(data, 'val', 'a', 'other.jpg'));
    await fails(imageFolder(data), 'data', /^a\/other\.jpg is among the training images, too/);

    link('4.jpg', 'train/a/four.jpg');
    link('4.jpg', 'train/b/four.jpg');
    await fails(imageFolder(trained), 'data', /^a\/four\.jpg and b\/four\.jpg are one file/);
  }),
);

test(
  'folders beside train/ and val/ are reported',
  inFolder(
    ['train/a/1.jpg', 'train/b/1.jpg', 'val/a/1.jpg', 'valid/a/1.jpg', 'extra/a/1.jpg'],
    async (folder) => {
      const { skipped } = await imageFolder(folder);
      assert.equal(skipped.map(({ path }) => path).sort(), [join(folder, 'extra'), join(folder, 'valid')]);
    },
  ),
);

test(
  'a validation folder elsewhere',
  inFolder(['data/a/1.jpg', 'data/b/1.jpg', 'other/b/2.jpg'], async (folder) => {
    const data = await imageFolder(join(folder, 'data'), { val: join(folder, 'other') });
    assert.equal(names(data.val), ['b/2.jpg']);
    await fails(
      imageFolder(join(folder, 'data'), { val: join(folder, 'none') }),
      'input',
      /no such file or folder/,
    );
  }),
);

test(
  'hidden and empty folders, other files and loose images are reported, never a class',
  inFolder(
    [
      'a/1.jpg',
      'a/._1.jpg',
      'a/.cache/2.jpg',
      'b/1.jpg',
      '.ipynb_checkpoints/1.jpg',
      '__MACOSX/1.jpg',
      'loose.png',
    ],
    async (folder) => {
      makeFiles(folder, { 'a/notes.txt': image, 'a/more.txt': image, 'b/README': image });
      mkdirSync(join(folder, 'empty'));
      const data = await imageFolder(folder);
      assert.equal(
        [data.classes, names(data.train)],
        [
          ['a', 'b'],
          ['a/1.jpg', 'b/1.jpg'],
        ],
      );
      const reported = data.skipped.map(({ path, reason }) => `${path.slice(folder.length + 1)}: ${reason}`);
      assert.equal(reported.sort(), [
        '.ipynb_checkpoints: a hidden folder',
        '__MACOSX: a hidden folder',
        'a/.cache: a hidden folder',
        'a: 1 file: hidden',
        'a: 2 files: no image by name (.txt)',
        'b: 1 file: no image by name',
        'empty: a folder without images',
        'loose.png: an image outside a class folder',
      ]);
    },
  ),
);

test('what attune wrote among the images is reported, never a class', async () => {
  const written = [
    'runs/1_resnet50/results.png',
    'runs/1_resnet50/confusion.png',
    'runs/folds/results.png',
    ...HEAT_MAP_METHODS.map((method) => `explanations/1.${method}.png`),
  ];
  const others = ['recipe.json', 'metrics.jsonl'].map((name) => `runs/1_resnet50/${name}`);
  others.push('runs/folds/folds.json', 'runs/folds/report.html');
  const empty = Object.fromEntries(others.map((name) => [name, new Uint8Array()]));
  // A photograph may be called so, too, beside others.
  const photos = ['a/1.jpg', 'a/1.occlusion.png', 'b/1.jpg'];
  await inFolder([...photos, ...written], async (folder) => {
    makeFiles(folder, empty);
    const data = await imageFolder(folder);
    assert.equal([data.classes, names(data.train)], [['a', 'b'], photos]);
    const reported = data.skipped.map(({ path, reason }) => `${path.slice(folder.length + 1)}: ${reason}`);
    assert.equal(reported.sort(), [
      'explanations: 6 files: heat maps of attune explain',
      'explanations: a folder without images',
      'runs/1_resnet50: a run folder of attune',
      'runs/folds: a run folder of attune',
      'runs: a folder without images',
    ]);
    // Whoever names them means them.
    assert.is(
      (await listFiles(join(folder, 'explanations'), IMAGE_FILES)).found.length,
      HEAT_MAP_METHODS.length,
    );
    assert.is((await listFiles(folder, IMAGE_FILES)).found.length, photos.length);
  })();
  await inFolder([...photos.map((name) => `train/${name}`), ...written], async (folder) => {
    makeFiles(folder, empty);
    assert.equal((await imageFolder(folder)).classes, ['a', 'b']);
  })();
});

test(
  'names are normalised: composed and decomposed spellings are one class',
  inFolder(['caf\u00e9/1.jpg', 'cafe\u0301/2.jpg', 'tea/1.jpg'], async (folder) => {
    const data = await imageFolder(folder);
    assert.equal(data.classes, ['caf\u00e9', 'tea']);
    assert.equal(names(data.train), ['caf\u00e9/1.jpg', 'caf\u00e9/2.jpg', 'tea/1.jpg']);
  }),
);

test('the order is that of code points, also above U+FFFF', () => {
  const sorted = ['\u{1f600}', '\uff5e', 'b', 'B', 'a1', 'a'].sort(compareCodePoints);
  assert.equal(sorted, ['B', 'a', 'a1', 'b', '\uff5e', '\u{1f600}']);
});

test('the order in which files were made does not matter', async () => {
  const paths = ['b/3.jpg', 'a/2.jpg', 'a/1.jpg', 'b/1.jpg', 'c/9.jpg'];
  const read = async (made: string[]) => {
    let found: unknown;
    await inFolder(made, async (folder) => {
      const { classes, train } = await imageFolder(folder);
      found = { classes, train: train.map(({ name, label }) => ({ name, label })) };
    })();
    return found;
  };
  assert.equal(await read(paths), await read([...paths].reverse()));
});

test(
  'links are followed, and links that lead back do not hang',
  inFolder(['data/a/1.jpg', 'data/b/1.jpg', 'elsewhere/5.jpg', 'single/6.jpg'], async (folder) => {
    const data = join(folder, 'data');
    symlinkSync(join(folder, 'elsewhere'), join(data, 'linked'));
    symlinkSync(data, join(data, 'a', 'up'));
    symlinkSync(join(data, 'a'), join(data, 'a', 'self'));
    symlinkSync(join(folder, 'none'), join(data, 'a', 'broken.jpg'));
    symlinkSync(join(folder, 'single', '6.jpg'), join(data, 'b', 'six.jpg'));
    symlinkSync('turn.jpg', join(data, 'b', 'turn.jpg'));
    const { classes, train, skipped } = await imageFolder(data);
    assert.equal(classes, ['a', 'b', 'linked']);
    assert.equal(names(train), ['a/1.jpg', 'b/1.jpg', 'b/six.jpg', 'linked/5.jpg']);
    const reasons = skipped.map(({ path, reason }) => `${path.slice(data.length + 1)}: ${reason}`).sort();
    assert.equal(reasons, [
      'a/broken.jpg: a link that leads nowhere (ENOENT)',
      'a/self: a link to a folder that is read already',
      'a/up: a link to a folder that is read already',
      'b/turn.jpg: a link that leads nowhere (ELOOP)',
    ]);
  }),
);

test('a class folder whose name ends in .jpg is a folder; a pipe and a device are no images', async () => {
  await inFolder(['x.jpg/1.jpg', 'y/1.jpg', 'y/2.jpg/3.png'], async (folder) => {
    const hasPipes = process.platform !== 'win32';
    if (hasPipes) execFileSync('mkfifo', [join(folder, 'y', 'pipe.jpg')]);
    if (hasPipes) symlinkSync('/dev/zero', join(folder, 'y', 'zero.jpg'));
    const { classes, train, skipped } = await imageFolder(folder);
    assert.equal(
      [classes, names(train)],
      [
        ['x.jpg', 'y'],
        ['x.jpg/1.jpg', 'y/1.jpg', 'y/2.jpg/3.png'],
      ],
    );
    const reasons = skipped.map(({ path, reason }) => `${basename(path)}: ${reason}`).sort();
    const unusual = ['pipe.jpg: not a regular file', 'zero.jpg: not a regular file'];
    assert.equal(reasons, hasPipes ? unusual : []);
  })();
});

test('what cannot be trained on: each cause has its sentence', () =>
  inScratch(async (folder) => {
    const at = (name: string) => join(folder, name);
    makeImages(folder, [
      'file.jpg',
      'one/a/1.jpg',
      'loose/1.jpg',
      'loose/2.jpg',
      'noval/train/a/1.jpg',
      'noval/train/b/1.jpg',
      'unknown/train/a/1.jpg',
      'unknown/train/b/1.jpg',
      'unknown/val/c/1.jpg',
      'phone/a/1.HEIC',
      'phone/a/2.HEIC',
      'phone/b/1.jpg',
    ]);
    for (const empty of ['empty', 'hollow/a', 'hollow/b', 'noval/val/a'])
      mkdirSync(at(empty), { recursive: true });
    await fails(
      imageFolder(at('absent')),
      'input',
      /no such file or folder \(.*absent\): check the spelling/,
    );
    await fails(
      imageFolder(at('hollw')),
      'input',
      /no such file or folder \(.*hollw\): did you mean .*hollow\?/,
    );
    await fails(imageFolder(at('file.jpg')), 'input', /a file, not a folder/);
    await fails(imageFolder(at('empty')), 'data', /no images in the class folders/);
    await fails(imageFolder(at('hollow')), 'data', /no images in the class folders/);
    await fails(imageFolder(at('one')), 'data', /one class only, "a" .*at least two/);
    await fails(
      imageFolder(at('loose')),
      'data',
      /2 images lie directly in the folder.*one folder per class/,
    );
    await fails(
      imageFolder(at('phone')),
      'data',
      /one class only, "b" .*; left out: a \(2 files: HEIC, to be converted to JPEG first\), a \(a folder without images\)$/,
    );
    await fails(imageFolder(at('noval')), 'data', /no images in the class folders \(.*val\)/);
    await fails(
      imageFolder(at('unknown')),
      'data',
      /training has no class "c" \(.*val\): .* named, "a", "b", or/,
    );
  }));

test(
  'other images against the classes of a trained network',
  inFolder(['b/1.jpg', 'd/1.jpg'], async (folder) => {
    const { images } = await classFolder(folder, ['a', 'b', 'c', 'd']);
    assert.equal(
      images.map(({ label }) => label),
      [1, 3],
    );
    await fails(classFolder(folder, ['a', 'b']), 'data', /training has no class "d"/);
  }),
);

test(
  'the images that a path names',
  inFolder(['x/2.jpg', 'x/1.jpg', 'x/y/0.png', 'x/a.txt'], async (folder) => {
    const all = await listFiles(join(folder, 'x'), IMAGE_FILES);
    assert.equal(names(all.found), ['1.jpg', '2.jpg', 'y/0.png']);
    assert.is(all.skipped.length, 1);
    assert.equal((await listFiles(join(folder, 'x', '1.jpg'), IMAGE_FILES)).found.length, 1);
    await fails(listFiles(join(folder, 'z'), IMAGE_FILES), 'input', /no such file or folder/);
  }),
);

if (process.platform === 'linux') {
  const sh = (folder: string, script: string) => execFileSync('sh', ['-c', script], { cwd: folder });

  test(
    'names that are no UTF-8 are said to be so: a folder is refused, an image is bad',
    inFolder(['a/0.png', 'b/0.png'], async (folder) => {
      sh(folder, 'mv b/0.png "b/$(printf \'gr\\374n\').png"');
      const { train } = await imageFolder(folder);
      assert.equal(names(train), ['a/0.png', 'b/gr\ufffdn.png']);
      await fails(readImageFile(train[1]!.path), 'input', /its name is no UTF-8, so it cannot be opened/);
      sh(folder, 'mv b "$(printf \'gr\\374n\')"');
      await fails(imageFolder(folder), 'input', /its name is no UTF-8, .*gr\ufffdn\): rename it/);
    }),
  );

  test(
    'a path that is too long is refused in a sentence',
    inFolder(['a/0.png', 'b/0.png'], async (folder) => {
      // Two chains of 10 folders, one moved to the end of the other.
      const chain = Array.from({ length: 10 }, () => 'n'.repeat(250)).join('/');
      sh(folder, `mkdir -p b/${chain} ${chain}; mv ${'n'.repeat(250)} b/${chain}`);
      const error = await fails(imageFolder(folder), 'input', /^the path is too long \(/);
      assert.match(error.message, /: move the data set to a shorter path/);
      // As no path leads there, it is removed from within.
      sh(folder, 'rm -rf b');
    }),
  );

  test(
    'folders that may not be read, or be passed through, are refused in a sentence to who is not root',
    inFolder(['a/0.png', 'b/c/0.png'], async (folder) => {
      const code = `import { imageFolder } from ${JSON.stringify(import.meta.resolve('#src/inputs/image/image-folder'))};
        if (process.getuid() === 0) {
          process.setgid(65534);
          process.setuid(65534);
        }
        await imageFolder(${JSON.stringify(folder)}).catch((error) => console.log(error.code, error.message));`;
      const refusal = (modes: string) => {
        sh(folder, `chmod 755 . a b b/c; ${modes}`);
        const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
          encoding: 'utf8',
        });
        sh(folder, 'chmod 755 . a b b/c');
        return output;
      };
      assert.match(
        refusal('chmod 311 b'),
        /^input the folder cannot be read, EACCES \(.*b\): check its permissions/,
      );
      assert.match(refusal('chmod 311 b/c'), /^input the folder cannot be read, EACCES \(.*c\): check its/);
      // Its content is listed, and nothing in it may be looked at.
      assert.match(refusal('chmod 644 b'), /^input the folder cannot be read, EACCES \(.*c\): check its/);
      assert.match(refusal('chmod 311 .'), /^input the folder cannot be read, EACCES/);
    }),
  );
}

test.run();
