/** What `convert` prints: how to prepare an image, what the probabilities are, and what loads the file. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConvertResult } from '#src/finetune/index';
import { printConverted } from '#src/cli/commands/convert';
import { newFolder } from '../finetune/support.js';
import { run } from '../finetune/convert-support.js';
import { attuneHere, recordedOutput } from './support.js';

test('convert prints how to prepare an image, and that the probabilities are calibrated', async () => {
  const { folder } = await run(1.25);
  const { status, stdout, stderr } = await attuneHere(['convert', folder, join(newFolder(), 'ants.onnx')]);
  assert.is(status, 0, stderr);
  assert.match(
    stdout,
    /\nimages +short side resized to 37 \(bilinear, antialiased\), 32 x 32 cut from the centre\n/,
  );
  assert.match(
    stdout,
    /\nnumbers +RGB, from 0 to 1, minus \[0\.485, 0\.456, 0\.406\], divided by \[0\.229, 0\.224, 0\.225\]\n/,
  );
  assert.match(stdout, /\ninput +float32 \[batch, 3, 32, 32\]: batch, channel, row, column\n/);
  assert.match(stdout, /\nprobabilities +softmax of the logits, calibrated: .* by the temperature 1\.25\n/);
});

const RESULT: ConvertResult = {
  input: 'a',
  output: 'b.pth',
  files: ['b.pth'],
  format: 'pytorch',
  model: 'resnet50',
  classes: ['ant', 'bee'],
  outputs: 2,
  preprocessing: null,
  temperature: null,
  reader: { library: 'torchvision', network: 'resnet50' },
  tensors: 320,
  bytes: 9,
  dropped: [],
  left_out: [],
};

const next = (result: Partial<ConvertResult>) => {
  const { output, stdout } = recordedOutput();
  printConverted({ ...RESULT, ...result }, 'b.pth', null, output);
  return /Next: (.*)/.exec(stdout.text)?.[1];
};

test('a state dict is announced with the network that loads it, or with none', () => {
  const load = 'torch.load("b.pth", weights_only=True)';
  assert.is(
    next({}),
    `model = torchvision.models.resnet50(num_classes=2); model.load_state_dict(${load}) in Python`,
  );
  assert.is(
    next({ outputs: null }),
    `model = torchvision.models.resnet50(); model.load_state_dict(${load}, strict=False) in Python`,
  );
  assert.match(
    next({ reader: { library: 'timm', network: 'mobilenetv2_100' } }) ?? '',
    /timm\.create_model\("mobilenetv2_100", num_classes=2\)/,
  );
  assert.is(
    next({ model: 'mobilenet_v2-keras', reader: null }),
    `${load} in Python gives the state dict: the tensors of mobilenet_v2-keras, a network that torchvision does not have`,
  );
  assert.is(
    next({ format: 'huggingface', model: 'vit-small' }),
    'await pipeline("image-classification", "./b.pth") with @huggingface/transformers',
  );
});

test.run();
