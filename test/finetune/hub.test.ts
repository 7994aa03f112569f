/** A repository of the hub as `--weights`: its preprocessing and labels reach the model, and the run notes its commit. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert } from '#src/finetune/convert/convert';
import { loadModel } from '#src/runs/model-source';
import { openTensorFile } from '#src/formats/index';
import { COMMITS, withHub } from '../weights/hub-server.js';
import { newPath, writeWeights } from './support.js';

test('a model from the hub', async () => {
  const path = await writeWeights(newPath(), 3, 2, 'resnet-small');
  const config = { id2label: { 0: 'ant', 1: 'bee' } };
  const preprocessor = {
    ...{ size: { shortest_edge: 40 }, do_center_crop: true, crop_size: { height: 32, width: 32 } },
    ...{ resample: 3, image_mean: [0.1, 0.2, 0.3], image_std: [0.4, 0.5, 0.6] },
  };
  const files = {
    'model.safetensors': readFileSync(path),
    'config.json': Buffer.from(JSON.stringify(config)),
    'preprocessor_config.json': Buffer.from(JSON.stringify(preprocessor)),
  };
  await withHub({ files, large: ['model.safetensors'] }, async ({ env }) => {
    Object.assign(process.env, env);
    try {
      const notes: string[] = [];
      const { model, task, input, weights } = await loadModel(
        { weights: 'hf:ada/birds@v2' },
        { onEvent: (event) => event.type === 'note' && notes.push(event.text) },
      );
      assert.is(model.architecture, 'resnet-small');
      assert.equal(task.names, ['ant', 'bee']);
      assert.equal(input.settings, {
        ...{ resize: 40, crop: 32, interpolation: 'bicubic' },
        ...{ mean: [0.1, 0.2, 0.3], std: [0.4, 0.5, 0.6] },
      });
      assert.is(weights, `hf:ada/birds@${COMMITS.v2}`);
      assert.match(notes.join(), /Downloading model\.safetensors of hf:ada\/birds@v2/);

      const to = `${newPath()}.onnx`;
      await convert({ from: weights, to });
      for (const text of ['["ant","bee"]', 'minus [0.1, 0.2, 0.3]']) {
        assert.ok(readFileSync(to).includes(text), text);
      }
      const copy = `${newPath()}.safetensors`;
      await convert({ from: 'hf:ada/birds', to: copy });
      const [source, result] = await Promise.all([path, copy].map(openTensorFile));
      const head = (file: typeof source) => file.tensors.find(({ name }) => name === 'fc.weight')!.read();
      assert.equal(await head(result), await head(source));
      await Promise.all([source.close(), result.close()]);
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
    }
  });
});

test.run();
