/** A vision Transformer through all verbs: whole and in parts, stopped and gone on with, in less memory, elsewhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convert, evaluate, type FinetuneOptions, finetune, predict, resume } from '#src/finetune/index';
import { writeSafetensors } from '#src/formats/index';
import { findModel, type Network } from '#src/models/index';
import { stateDict } from '#src/nn/state-dict';
import { explain, report } from '#src/report/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertSameRuns,
  assertSameTensors,
  bytesOf,
  CLASSES,
  fullRun,
  interrupted,
  readTensors,
  smallData,
} from './full-support.js';
import { fails, newPath, scratch, smallRun, writeWeights } from './support.js';

const data = smallData();

const run = (more: Partial<FinetuneOptions> = {}): FinetuneOptions =>
  fullRun(data, { model: 'vit-small', optimizer: 'adamw', stochasticDepth: 0.1, lrDecay: 0.7, ...more });

const options = run();
const whole = await finetune(options);

test('a run that goes on where it was stopped has the bytes of one that was not', async () => {
  const { run: out } = await interrupted(3, run());
  const again = await resume({ resume: out });
  assert.is(again.interrupted, false);
  await assertSameRuns(out, whole.run);
});

test('less memory, same bytes', async () => {
  const { run: out } = await finetune(run({ memory: 'low' }));
  await assertSameTensors(join(out, 'last.safetensors'), join(whole.run, 'last.safetensors'));
});

test('a probe of pretrained features trains a head alone, and layers below the frontier keep their bytes', async () => {
  const weights = await writeWeights(join(scratch, 'vit.safetensors'), 5, 1000, 'vit-small');
  const before = await readTensors(weights);
  const changed = async (more: Partial<FinetuneOptions>) => {
    const { run: out } = await finetune(run({ weights, ...more }));
    const after = await readTensors(join(out, 'last.safetensors'));
    const isOther = (name: string) => !bytesOf(after.get(name)!).equals(bytesOf(before.get(name)!));
    return [...after.keys()].filter((name) => !name.startsWith('heads.') && isOther(name));
  };
  const { run: out } = await finetune(await smallRun(data, { weights, strategy: 'probe' }));
  const probed = await readTensors(join(out, 'best.safetensors'));
  for (const [name, values] of before)
    if (!name.startsWith('heads.')) assert.ok(bytesOf(probed.get(name)!).equals(bytesOf(values)), name);
  const from = 'encoder.layers.encoder_layer_4';
  const upper = await changed({ trainFrom: from });
  assert.ok(
    upper.every((name) => /encoder_layer_[45]\.|encoder\.ln\./.test(name)),
    upper.join(' '),
  );
  assert.ok(upper.length > 20);
  // Four groups of blocks and what makes tokens: the lowest joins in the fifth epoch.
  const all = await changed({ strategy: 'gradual', epochs: 5, lrDecay: 0.7 });
  assert.ok(all.includes('class_token') && all.includes('encoder.pos_embedding'), all.join(' '));
});

test('images of another size, and weights whose positions are for another', async () => {
  const wide = await finetune(run({ imageSize: 48, epochs: 1 }));
  const { images } = await predict({ run: wide.run, images: [join(data, 'test')], device: 'cpu' });
  assert.is(images.length, 4);
  const path = join(scratch, 'vit-64.safetensors');
  const model = findModel('vit-small').create({ classes: 5, imageSize: 64 }) as Network;
  await writeSafetensors(path, [...(await stateDict(model)).values()]);
  const uninterrupted = await finetune(run({ weights: path, strategy: 'full' }));
  const stopped = await interrupted(3, run({ weights: path, strategy: 'full' }));
  await resume({ resume: stopped.run });
  await assertSameRuns(stopped.run, uninterrupted.run);
  const kept = await readTensors(join(stopped.run, 'best.safetensors'));
  assert.is(kept.get('encoder.pos_embedding')!.length, 257 * 128);
});

test('it is evaluated, predicts, and is explained by attention', async () => {
  const { accuracy } = await evaluate({ run: whole.run, data: join(data, 'test'), device: 'cpu' });
  assert.type(accuracy, 'number');
  const image = join(data, 'test', CLASSES[0]!);
  const out = newPath();
  const { method, images } = await explain({ run: whole.run, images: [image], out, device: 'cpu' });
  assert.is(method, 'attention-gradients');
  assert.ok(images.every((one) => !('error' in one)));
  await report({ run: whole.run, device: 'cpu' });
  const page = readFileSync(join(whole.run, 'report.html'), 'utf8');
  assert.match(page, /answers with, by attention weighted by its gradient/);
  assert.match(page, /what speaks for/);
  await fails(
    explain({ run: whole.run, images: [image], method: 'grad-cam', out, device: 'cpu' }),
    'usage',
    /needs maps of features, and vit-small has none/,
  );
});

test('it is written for other programs, by the names of libraries, and read back', async () => {
  const best = join(whole.run, 'best.safetensors');
  for (const ending of ['pth', 'safetensors', 'onnx']) {
    const to = `${newPath()}.${ending}`;
    const { model } = await convert({ from: best, to });
    assert.is(model, 'vit-small');
    const back = `${newPath()}.safetensors`;
    await convert({ from: to, to: back });
    await sameNumbers(back, best);
  }
  const hub = `${newPath()}.safetensors`;
  const { reader } = await convert({ from: best, to: hub, names: 'huggingface' });
  assert.equal(reader, { library: 'huggingface', network: 'ViTForImageClassification' });
  const theirs = await readTensors(hub);
  const query = 'vit.encoder.layer.5.attention.attention.query.weight';
  assert.is(theirs.get(query)!.length, 128 * 128);
  assert.ok(theirs.has('vit.embeddings.cls_token') && theirs.has('classifier.bias'));
  const back = `${newPath()}.safetensors`;
  await convert({ from: hub, to: back });
  await sameNumbers(back, best);
  assert.ok(readFileSync(back).length > 0);
});

/** All tensors of a network, equal but for the last layer, which a temperature may have divided. */
async function sameNumbers(path: string, expected: string): Promise<void> {
  const [found, wanted] = [await readTensors(path), await readTensors(expected)];
  assert.equal([...found.keys()].sort(), [...wanted.keys()].sort());
  for (const [name, values] of wanted)
    if (!name.startsWith('heads.')) assert.ok(bytesOf(found.get(name)!).equals(bytesOf(values)), name);
}

test.run();
