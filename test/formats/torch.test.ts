/** Files that PyTorch wrote, in both formats, and hand-made state dicts. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { readTensorFile } from '#src/formats/any-format/recognise';
import {
  assertHolds,
  dict,
  expected,
  fixtureBytes,
  int,
  list,
  NONE,
  named,
  pickle,
  rejects,
  storage,
  tensor,
  tensorOf,
  text,
  torchLegacy,
  torchZip,
  tuple,
} from './support.js';

const read = (bytes: Uint8Array) => readTensorFile(memorySource(bytes, 'test.pth'));
const FORMATS = ['zip', 'legacy'] as const;

for (const format of FORMATS) {
  test(`${format}: every way in which PyTorch stores a tensor`, async () => {
    const file = await read(fixtureBytes(`tensors-${format}.pth`));
    assert.is(file.format, `pytorch-${format}`);
    assert.equal(file.metadata, {});
    assert.equal(file.skipped, []);
    const wanted = expected('tensors.json');
    assert.is(wanted.length, 18);
    await assertHolds(file, wanted);
  });

  test(`${format}: the state dict of a module`, async () => {
    await assertHolds(await read(fixtureBytes(`module-${format}.pth`)), expected('module.json'));
  });

  test(`${format}: a training checkpoint`, async () => {
    const file = await read(fixtureBytes(`checkpoint-${format}.pth`));
    await assertHolds(file, expected('module.json'));
    assert.equal(
      file.skipped.map(({ name, kind }) => `${name}: ${kind}`),
      [
        ...[
          'epoch: number',
          'best: number',
          'arch: string',
          'scheduler: None',
          'seed: number',
          'rng: tensor',
        ],
        ...['dtype: torch.float32', 'shape: tuple', 'optimizer: dictionary'],
      ],
    );
  });
}

test('attacks that PyTorch pickled', async () => {
  await rejects(
    () => read(fixtureBytes('attack-os-system.pth')),
    /(posix|nt)\.system, which attune never loads/,
  );
  await rejects(
    () => read(fixtureBytes('attack-eval.pth')),
    /(builtins|__builtin__)\.eval, which attune never loads/,
  );
  await rejects(() => read(fixtureBytes('attack-hub.pth')), /torch\.hub\.load, which attune never loads/);
});

test('a whole module, a program, a lone tensor', async () => {
  await rejects(
    () => read(fixtureBytes('whole-module.pth')),
    /torch\.nn\.modules\.linear\.Linear.*state_dict\(\)/,
  );
  await rejects(() => read(fixtureBytes('torchscript.pt')), /TorchScript program/);
  await rejects(() => read(fixtureBytes('lone-tensor.pth')), /holds a tensor without a state dict/);
});

test('entries of a state dict that are not tensors', async () => {
  const file = await read(fixtureBytes('plain-values.pth'));
  assert.is(file.tensors.length, 1);
  assert.equal(
    file.skipped.map(({ name, kind }) => `${name}: ${kind}`),
    ['epochs: number', 'note: string', 'nothing: None'],
  );
  await rejects(
    () => read(fixtureBytes('nested-entry.pth')),
    /is a dictionary instead of a tensor.*"nested"/,
  );
  const withEntry = (value: readonly number[]) =>
    torchZip(
      pickle(
        dict([
          [text('w'), tensor()],
          [text('x'), value],
        ]),
      ),
    );
  await rejects(() => read(withEntry(list())), /is a list instead/);
  await rejects(() => read(withEntry(tuple())), /is a tuple instead/);
  await rejects(() => read(withEntry(named('torch', 'float32'))), /is a torch.float32 instead/);
  await rejects(
    () =>
      read(
        torchZip(
          pickle(
            dict([
              [text('w'), tensor()],
              [int(1), tensor()],
            ]),
          ),
        ),
      ),
    /key 1, which is no name/,
  );
});

test('nothing to offer', async () => {
  const empty = (code: readonly number[]) => read(torchZip(pickle(code), []));
  await rejects(() => empty(dict([])), /holds a dictionary without a state dict/);
  await rejects(() => empty(NONE), /holds a None without/);
  await rejects(() => empty(list()), /holds a list without/);
  await rejects(
    () => empty(dict([[text('model'), dict([[text('epoch'), int(1)]])]])),
    /without a state dict/,
  );
});

test('the state dict of a checkpoint is found under its usual names, weights before their average', async () => {
  const weights = dict([[text('w'), tensor()]]);
  for (const key of ['state_dict', 'model', 'model_state_dict', 'model_ema']) {
    const file = await read(
      torchZip(
        pickle(
          dict([
            [text('epoch'), int(1)],
            [text(key), weights],
          ]),
        ),
      ),
    );
    assert.equal(await tensorOf(file, 'w').read(), new Float32Array([1, 2]), key);
  }
  const average = dict([[text('average'), tensor()]]);
  const both = dict([
    [text('model_ema'), average],
    [text('model'), weights],
  ]);
  const file = await read(torchZip(pickle(both)));
  assert.is(file.tensors[0].name, 'w');
  assert.equal(file.skipped, [{ name: 'model_ema', kind: 'dictionary' }]);
});

test('the forms of the oldest files: Python 2 strings, pairs, views, _rebuild_tensor, CUDA storages', async () => {
  const bytes = (value: string) => [0x55, value.length, ...new TextEncoder().encode(value)];
  const view = tuple(text('view'), int(1), int(3));
  const id = tuple(
    bytes('storage'),
    named('torch.cuda', 'FloatStorage'),
    bytes('k'),
    bytes('cuda:0'),
    int(4),
    view,
  );
  const rebuild = named('torch._utils', '_rebuild_tensor');
  const old = [...rebuild, ...tuple([...id, 0x51], int(1), tuple(int(2)), tuple(int(1))), 0x52];
  const ordered = [...named('collections', 'OrderedDict'), ...tuple(list(list(bytes('w'), old))), 0x52];
  const file = await read(torchLegacy(pickle(ordered), ['k'], [new Float32Array([1, 2, 3, 4])]));
  assert.equal(await tensorOf(file, 'w').read(), new Float32Array([3, 4]));
});

test('tensors may share a storage, but not without end', async () => {
  // 65,536 float32 values in one storage, and as many views of all of it as the file has names.
  const length = 65536;
  const shape = [length];
  const code = (count: number) =>
    pickle(
      dict(Array.from({ length: count }, (_, i) => [text(`w${i}`), tensor({ length, shape })] as const)),
    );
  const records = [storage('0', new Float32Array(length))];
  assert.is((await read(torchZip(code(100), records))).tensors.length, 100);
  await rejects(() => read(torchZip(code(400), records)), /share their bytes too often/);
  // One element, expanded to a gigabyte.
  const expanded = pickle(dict([[text('w'), tensor({ length: 1, shape: [2 ** 28], strides: [0] })]]));
  await rejects(
    () => read(torchZip(expanded, [storage('0', new Float32Array(1))])),
    /share their bytes too often/,
  );
});

test.run();
