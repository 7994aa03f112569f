/**
 * Networks that PyTorch exported to ONNX compute PyTorch's logits here, also those whose exporter folded the batch norms
 * and lost the names. Needs PyTorch: npm run setup:torch.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openTensorFile } from '#src/formats/any-format/open';
import { findModel, loadWeights } from '#src/models/index';
import { assertSameLogits, logitsOf } from './export/support.js';

const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const { findPython } = (await import(path('bench/parity/python.mjs'))) as { findPython: () => string };

const test = suite<{ folder: string }>('ONNX from PyTorch');
test.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'attune-onnx-'));
  execFileSync(findPython(), [path('test/models/export-onnx.py'), context.folder], { stdio: 'pipe' });
});
test.after(({ folder }) => rmSync(folder, { recursive: true }));

const NETWORKS = [
  'resnet18',
  'resnet50',
  'mobilenet_v2',
  'mobilenet_v3_small',
  'efficientnet_b0',
  'convnext_tiny',
];

/** PyTorch stores linear layers of maps transposed when it folds, by numbers in place of names. */
const NAMELESS = ['convnext_tiny'];

for (const name of NAMELESS) {
  test(`${name}, folded, is refused with what is missing`, async ({ folder }) => {
    const model = findModel(name).create({ classes: 7 });
    const error = await loadWeights(model, join(folder, `${name}-folded.onnx`)).then(
      () => null,
      (reason: Error) => reason,
    );
    assert.match(
      String(error),
      /the weights do not fit the model; missing 36: features\.1\.0\.block\.3\.weight/,
    );
  });
}

for (const name of NETWORKS) {
  for (const kind of NAMELESS.includes(name) ? ['named'] : ['named', 'folded']) {
    test(`${name}, ${kind}`, async ({ folder }) => {
      const arrays = await openTensorFile(join(folder, `${name}.npz`));
      // As NumPy saved them.
      const read = await Promise.all(arrays.tensors.map((array) => array.read()));
      const [images, logits] = read as Float32Array[];
      await arrays.close();
      const model = findModel(name).create({ classes: 7 });
      await loadWeights(model, join(folder, `${name}-${kind}.onnx`));
      assertSameLogits(await logitsOf(model, images, 2, 64), logits, `${name}, ${kind}`);
    });
  }
}

test.run();
