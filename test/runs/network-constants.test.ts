/** What a network's norms add, from the names of a file and from what attune wrote of it; damaged, and where nothing is said. */
import { join } from 'node:path';
import { writeSafetensors } from '#src/formats/index';
import { inNamesOf, torchStateDict } from '#src/models/index';
import { vitSmall } from '#src/models/vit-small';
import { loadModel } from '#src/runs/model-source';
import { constantsToWrite, storedConstants } from '#src/runs/network-constants';
import { resnetSmall } from '#src/models/resnet-small';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, newFolder } from '../finetune/support.js';

test('Hugging Face’s names say it where the metadata do not', async () => {
  const model = vitSmall();
  const folder = newFolder();
  const tensors = await torchStateDict(model);
  const theirs = inNamesOf('huggingface', 'vit-small', tensors);
  const epsilonOf = async (
    written: Parameters<typeof writeSafetensors>[1],
    metadata: Record<string, string>,
  ) => {
    const path = join(folder, 'vit.safetensors');
    await writeSafetensors(path, written, metadata);
    return (await loadModel({ weights: path }, {})).model.constants.epsilon;
  };
  assert.is(await epsilonOf(tensors, {}), 1e-6);
  assert.is(await epsilonOf(theirs, { format: 'pt' }), 1e-12);
  assert.is(await epsilonOf(theirs, constantsToWrite(model)), 1e-6);
  assert.is(await epsilonOf(tensors, constantsToWrite(vitSmall({ epsilon: 1e-5 }))), 1e-5);
  await fails(epsilonOf(tensors, { constants: '{"epsilon":0}' }), 'weights', /metadata are damaged/);
});

test('networks that have none write none, and what is no description is refused', () => {
  assert.equal(constantsToWrite(resnetSmall()), {});
  assert.is(storedConstants({}, 'a'), null);
  const damaged = ['', 'null', '{"epsilon":"1"}', '{"epsilon":-1}', '{"other":1}', ' '.repeat(2000)];
  for (const constants of damaged)
    assert.throws(() => storedConstants({ constants }, 'a'), /the constants of the network in the metadata/);
});

test.run();
