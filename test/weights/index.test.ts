/** From what stands behind `--weights` to a checked file: paths, names, cache, terms. */

import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { AttuneError } from '#src/errors';
import {
  type CatalogueEntry,
  catalogue,
  fetchWeights,
  findWeights,
  resolveWeights,
  weightsPath,
} from '#src/weights/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, filesIn, payload, serve, sha256, withServer } from './support.js';

const bytes = payload(50_000);
const settings = { env: {}, firstPauseMs: 5 };

/** An entry like those of the catalogue, whose file is `bytes` on the local server. */
function localEntry(url: string): CatalogueEntry {
  return { ...catalogue()[0], url, hash: { check: 'sha256', hex: sha256(bytes) } };
}

/** Runs with a local server, and with the cache in its folder. */
async function withCache(
  body: (at: { entry: CatalogueEntry; folder: string; path: string; requests: unknown[] }) => Promise<void>,
): Promise<void> {
  await withServer(
    (request, response) => serve(request, response, { bytes }),
    async ({ url, folder, requests }) => {
      const before = process.env.ATTUNE_CACHE;
      process.env.ATTUNE_CACHE = folder;
      try {
        const entry = localEntry(url);
        await body({ entry, folder, path: weightsPath(entry), requests });
      } finally {
        if (before === undefined) delete process.env.ATTUNE_CACHE;
        else process.env.ATTUNE_CACHE = before;
      }
    },
  );
}

test('a file is taken as it is, with its hash', async () => {
  await withCache(async ({ folder }) => {
    const path = join(folder, 'mine.pth');
    await writeFile(path, bytes);
    assert.equal(await resolveWeights(path), { path, entry: null, sha256: sha256(bytes) });
    assert.equal(await filesIn(folder), ['mine.pth'], 'nothing is written beside a file of the user');
  });
});

test('a file wins over a catalogue name, a folder does not', async () => {
  await withCache(async ({ folder, path }) => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      await writeFile('resnet18', bytes);
      assert.is((await resolveWeights('resnet18')).sha256, sha256(bytes));
      await rm('resnet18');
      await mkdir('resnet18');
      await mkdir(join(folder, 'weights'));
      await writeFile(path, 'not ResNet18');
      const error = await failure(resolveWeights('resnet18'));
      assert.is(error.where, path);
    } finally {
      process.chdir(before);
    }
  });
});

test('absent: the terms are shown first, then it is downloaded; present: neither', async () => {
  await withCache(async ({ entry, folder, path, requests }) => {
    const steps: string[] = [];
    const options = {
      settings,
      onLicence: async ({ licence, text }: { licence: string; text: string }) => {
        assert.is(requests.length, 0);
        assert.ok(text.length > 1000);
        steps.push(licence);
      },
    };
    assert.equal(await fetchWeights(entry, options), { path, sha256: sha256(bytes) });
    assert.equal(steps, ['BSD-3-Clause']);
    assert.equal(await fetchWeights(entry, options), { path, sha256: sha256(bytes) });
    assert.equal(steps, ['BSD-3-Clause']);
    assert.is(requests.length, 1);
    assert.equal(await filesIn(join(folder, 'weights')), [entry.file, `${entry.file}.checked.json`]);
  });
});

test('terms that are refused download nothing', async () => {
  await withCache(async ({ entry, requests }) => {
    const onLicence = () => {
      throw new AttuneError({ code: 'usage', what: 'no, thank you' });
    };
    assert.is((await failure(fetchWeights(entry, { settings, onLicence }))).what, 'no, thank you');
    assert.is(requests.length, 0);
  });
});

test('a file in the cache is read once, and again when it changed', async () => {
  await withCache(async ({ entry, path }) => {
    await fetchWeights(entry, { settings });
    const { mtime, mtimeMs, size } = await stat(path);
    const spoilt = Buffer.from(bytes);
    spoilt[7] ^= 1;

    // Same size and time of change: the note beside the file is believed.
    await writeFile(path, spoilt);
    await utimes(path, mtime, mtime);
    const note = { size, mtimeMs: (await stat(path)).mtimeMs, sha256: sha256(bytes) };
    assert.ok(Math.abs(note.mtimeMs - mtimeMs) < 1);
    await writeFile(`${path}.checked.json`, JSON.stringify(note));
    assert.is((await fetchWeights(entry, { settings })).sha256, sha256(bytes));

    // Another time: it is read, and found to be damaged.
    await utimes(path, mtime, new Date(mtimeMs + 5000));
    const error = await failure(fetchWeights(entry, { settings }));
    assert.is(error.code, 'weights');
    assert.is(error.where, path);
    assert.ok(error.what.includes(sha256(bytes)) && error.what.includes(sha256(spoilt)));
    assert.ok((await readFile(path)).equals(spoilt), 'a file of the user is not deleted');
  });
});

test('a note that is damaged, or has another hash, does not help a file', async () => {
  await withCache(async ({ entry, path }) => {
    await fetchWeights(entry, { settings });
    await writeFile(`${path}.checked.json`, '{"size":');
    assert.is((await fetchWeights(entry, { settings })).sha256, sha256(bytes));
    const { size, mtimeMs } = await stat(path);
    await writeFile(`${path}.checked.json`, JSON.stringify({ size, mtimeMs, sha256: '0'.repeat(64) }));
    assert.is((await failure(fetchWeights(entry, { settings }))).code, 'weights');
  });
});

test('a catalogue name leads to its place in the cache, and a wrong file there is an error', async () => {
  await withCache(async ({ folder }) => {
    await mkdir(join(folder, 'weights'));
    for (const name of ['resnet50', 'resnet50-v1', 'resnet50-0676ba61.pth']) {
      const path = join(folder, 'weights', 'resnet50-0676ba61.pth');
      await writeFile(path, 'truncated');
      const error = await failure(resolveWeights(name));
      assert.is(error.code, 'weights');
      assert.is(error.where, path);
      assert.match(error.hint!, 'delete it');
    }
  });
});

const unknown: [string, RegExp, RegExp][] = [
  ['resnet5o', /no weights of this name/, /did you mean resnet50\?/],
  ['resnet50-v3', /no weights of this name/, /did you mean resnet50-v1\?/],
  ['mobilenet', /no weights of this name/, /did you mean mobilenet_v2/],
  ['alexnet', /no weights of this name/, /^give a path to a file, or a name: attune weights list shows/],
  ['models/resnet50.pth', /no such weights file/, /path|mean/],
  ['resnet50-0676ba62.pth', /no such weights file/, /did you mean resnet50-0676ba61.pth\?/],
  ['.', /^this is a folder$/, /^name the weights file in it$/],
  ['', /no weights of this name/, /give a path/],
];

for (const [name, what, hint] of unknown) {
  test(`${name || '(empty)'} is unknown`, async () => {
    const error = await failure(resolveWeights(name));
    assert.is(error.code, 'input');
    assert.is(error.where, name);
    assert.match(error.what, what);
    assert.match(error.hint!, hint);
    assert.is(findWeights(name), undefined);
  });
}

test('a misspelled file leads to the one beside it', async () => {
  await withCache(async ({ folder }) => {
    await writeFile(join(folder, 'mine.safetensors'), '');
    const error = await failure(resolveWeights(join(folder, 'mine.safetensor')));
    assert.is(
      error.message.replaceAll(folder, ''),
      'there is no such weights file (/mine.safetensor): did you mean /mine.safetensors?'.replaceAll(
        '/',
        sep,
      ),
    );
  });
});

test('reading can be interrupted', async () => {
  await withCache(async ({ folder }) => {
    const path = join(folder, 'mine.pth');
    await writeFile(path, bytes);
    const error = await failure(resolveWeights(path, { signal: AbortSignal.abort() }));
    assert.is(error.code, 'interrupted');
  });
});

test.run();
