/** A distilled vision Transformer from Hugging Face's names through all verbs, with what its norms add, and back. */
import { join } from 'node:path';
import { convert, type FinetuneOptions, finetune, predict, resume } from '#src/finetune/index';
import { openTensorFile } from '#src/formats/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf, CLASSES, fullRun, interrupted, readTensors, smallData } from './full-support.js';
import { newPath, scratch, smallRun, writeWeights } from './support.js';

const data = smallData();
const MODEL = 'deit_ti_16_distilled';
const ours = await writeWeights(join(scratch, 'deit.safetensors'), 5, 10, MODEL);
const hub = join(scratch, 'deit.bin');
const { reader } = await convert({ from: ours, to: hub, names: 'huggingface' });

/** One epoch of two steps, on images of 32 pixels. */
const run = (): FinetuneOptions =>
  fullRun(data, { model: MODEL, weights: hub, optimizer: 'adamw', lr: 1e-4, epochs: 1, imageSize: 32 });

async function metadataOf(path: string): Promise<Readonly<Record<string, string>>> {
  const file = await openTensorFile(path);
  await file.close();
  return file.metadata;
}

test('files in Hugging Face’s names have two heads, and are read as they were', async () => {
  assert.equal(reader, { library: 'huggingface', network: 'DeiTForImageClassificationWithTeacher' });
  const back = `${newPath()}.safetensors`;
  const { model } = await convert({ from: hub, to: back });
  assert.is(model, MODEL);
  const [found, wanted] = [await readTensors(back), await readTensors(ours)];
  assert.equal([...found.keys()].sort(), [...wanted.keys()].sort());
  for (const [name, values] of wanted) assert.ok(bytesOf(found.get(name)!).equals(bytesOf(values)), name);
  // Hugging Face's norms add less; what has our names says so.
  assert.is((await metadataOf(back)).constants, '{"epsilon":1e-12}');
});

test('a run keeps what its norms add, also where it goes on, and a probe trains a head on both tokens', async () => {
  const { run: out } = await interrupted(1, run());
  assert.is((await metadataOf(join(out, 'state.safetensors'))).constants, '{"epsilon":1e-12}');
  await resume({ resume: out });
  const best = join(out, 'best.safetensors');
  assert.is((await metadataOf(best)).constants, '{"epsilon":1e-12}');
  const before = await readTensors(ours);
  const after = await readTensors(best);
  for (const name of ['distillation_token', 'encoder.pos_embedding', 'heads.head.weight'])
    assert.not.ok(bytesOf(after.get(name)!).equals(bytesOf(before.get(name)!)), name);
  const probe = await finetune(await smallRun(data, { weights: hub, strategy: 'probe' }));
  const head = (await readTensors(join(probe.run, 'best.safetensors'))).get('heads.head.weight')!;
  assert.is(head.length, CLASSES.length * 2 * 192);
  const { images } = await predict({ run: probe.run, images: [join(data, 'test')], device: 'cpu' });
  assert.is(images.length, 4);
});

test.run();
