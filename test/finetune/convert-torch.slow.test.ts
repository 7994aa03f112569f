/** PyTorch and h5py read what `convert` writes, strictly and with the same values. Needs npm run setup:torch. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert } from '#src/finetune/convert/convert';
import { newFolder, writeWeights } from './support.js';

const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const { findPython } = (await import(path('bench/parity/python.mjs'))) as { findPython: () => string };

for (const model of ['resnet18', 'resnet50']) {
  test(`torchvision's ${model} loads the .pth and the safetensors strictly, with the same values`, async () => {
    const folder = newFolder();
    const source = await writeWeights(join(folder, 'source.safetensors'), 11, 10, model);
    const outputs = ['out.pth', 'out.safetensors'].map((name) => join(folder, name));
    for (const to of outputs) await convert({ from: source, to });
    const script = path('test/finetune/convert_torch.py');
    const { status, stdout, stderr } = spawnSync(findPython(), [script, model, source, ...outputs], {
      encoding: 'utf8',
    });
    assert.is(status, 0, stdout + stderr);
    assert.match(stdout, /out\.pth: all keys matched, values equal\n.*out\.safetensors: all keys matched/);
  });
}

test('h5py reads the Keras file of a ResNet18, layer by layer', async () => {
  const folder = newFolder();
  const source = await writeWeights(join(folder, 'source.safetensors'), 12, 10, 'resnet18');
  const to = join(folder, 'out.h5');
  await convert({ from: source, to });
  const script = path('test/finetune/convert_h5py.py');
  const { status, stdout, stderr } = spawnSync(findPython(), [script, source, to], { encoding: 'utf8' });
  assert.is(status, 0, stdout + stderr);
  assert.match(stdout, /^102 arrays in \d+ layers, values equal$/m);
});

test.run();
