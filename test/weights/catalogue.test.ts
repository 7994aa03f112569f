/** The shipped catalogue, its lookups, and what its schema refuses. */

import { readFileSync } from 'node:fs';
import {
  catalogue,
  findWeights,
  findWeightsByHash,
  licenceTerms,
  parseCatalogue,
} from '#src/weights/catalogue';
import { describeHash, matchesHash } from '#src/weights/hash';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const shipped = readFileSync(new URL('../../../weights/catalogue.json', import.meta.url), 'utf8');
const resnet50 = '0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a';

test('lists the files of torchvision, and of Keras', () => {
  assert.equal(
    catalogue().map(({ name, file }) => [name, file]),
    [
      ['resnet18-v1', 'resnet18-f37072fd.pth'],
      ['resnet34-v1', 'resnet34-b627a593.pth'],
      ['resnet50-v1', 'resnet50-0676ba61.pth'],
      ['resnet50-v2', 'resnet50-11ad3fa6.pth'],
      ['resnet101-v1', 'resnet101-63fe2227.pth'],
      ['resnet101-v2', 'resnet101-cd907fc2.pth'],
      ['resnet152-v1', 'resnet152-394f9c45.pth'],
      ['resnet152-v2', 'resnet152-f82ba261.pth'],
      ['mobilenet_v2-v1', 'mobilenet_v2-b0353104.pth'],
      ['mobilenet_v2-v2', 'mobilenet_v2-7ebf99e0.pth'],
      ['mobilenet_v3_large-v1', 'mobilenet_v3_large-8738ca79.pth'],
      ['mobilenet_v3_large-v2', 'mobilenet_v3_large-5c1a4163.pth'],
      ['mobilenet_v3_small-v1', 'mobilenet_v3_small-047dcff4.pth'],
      ['efficientnet_b0-v1', 'efficientnet_b0_rwightman-7f5810bc.pth'],
      ['convnext_tiny-v1', 'convnext_tiny-983f1562.pth'],
      ['vgg16-v1', 'vgg16-397923af.pth'],
      ['mobilenet_v2-keras', 'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5'],
      ['mobilenet_v2-keras-no-top', 'mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5'],
      ['vit_b_16-v1', 'vit_b_16-c867db91.pth'],
      ['vit_b_32-v1', 'vit_b_32-d86f8d99.pth'],
      ['vit_l_16-v1', 'vit_l_16-852ce7e3.pth'],
    ],
  );
});

test('only the hash that is known in full is given in full', () => {
  const full = catalogue().filter(({ hash }) => hash.check === 'sha256');
  assert.equal(
    full.map(({ file, hash }) => [file, hash]),
    [['resnet50-0676ba61.pth', { check: 'sha256', hex: resnet50 }]],
  );
});

test('finds by name, alias and file name; a model stands for its V1 weights', () => {
  for (const name of ['resnet50', 'resnet50-v1', 'resnet50-0676ba61.pth']) {
    assert.is(findWeights(name)?.version, 'IMAGENET1K_V1');
  }
  assert.is(findWeights('resnet50-v2')?.preprocessing.resize, 232);
  assert.is(findWeights('resnet18')?.parameters, 11_689_512);
  for (const name of ['resnet', 'RESNET50', '', 'constructor', 'resnet50-0676ba61']) {
    assert.is(findWeights(name), undefined);
  }
});

test('every model of the catalogue is also an alias of one of its entries', () => {
  for (const { model } of catalogue()) assert.is(findWeights(model)?.model, model);
});

test('a file of which no hash is published is whatever was downloaded; its terms are those of Keras', () => {
  const entry = findWeights('mobilenet_v2-keras-no-top')!;
  assert.equal(entry.hash, { check: 'none' });
  assert.is(matchesHash('0'.repeat(64), entry.hash), true);
  assert.is(describeHash(entry.hash), 'any SHA-256');
  const { licence, text } = licenceTerms(entry);
  assert.is(licence, 'Apache-2.0');
  assert.match(text, 'Apache License');
});

test('finds by hash', () => {
  assert.is(findWeightsByHash(resnet50)?.name, 'resnet50-v1');
  assert.is(findWeightsByHash(`11ad3fa6${'0'.repeat(56)}`)?.name, 'resnet50-v2');
  // Nothing is known of Keras's.
  assert.is(findWeightsByHash('f'.repeat(64)), undefined);
  // Known in full, so the first eight digits are not enough.
  assert.is(findWeightsByHash(`0676ba61${'0'.repeat(56)}`), undefined);
});

test('the terms name the licence, state the open question, and carry the whole text', () => {
  const { licence, note, text } = licenceTerms(catalogue()[0]);
  assert.is(licence, 'BSD-3-Clause');
  assert.match(note, 'ImageNet');
  assert.match(text, 'Redistributions in binary form');
  assert.match(text, 'non-commercial');
});

type Json = { weights: Record<string, unknown>[]; terms: Record<string, unknown> };
const faults: [string, (json: Json) => void][] = [
  ['a hash of the wrong length', (json) => (json.weights[0].hash = { check: 'sha256', hex: 'f37072fd' })],
  [
    'a hash that contradicts the file name',
    (json) => (json.weights[0].hash = { check: 'sha256-prefix', hex: '00000000' }),
  ],
  ['no hash', (json) => delete json.weights[0].hash],
  ['an unencrypted URL', (json) => (json.weights[0].url = 'http://example.org/resnet18-f37072fd.pth')],
  ['a path in the file name', (json) => (json.weights[0].file = '../resnet18-f37072fd.pth')],
  [
    'accuracy in per cent',
    (json) => (json.weights[0].accuracy = { dataset: 'x', top1: 69.8, top5: 89, source: 'https://x.org' }),
  ],
  ['an unknown field', (json) => (json.weights[0].colour = 'red')],
  ['one alias for two entries', (json) => (json.weights[3].aliases = ['resnet50'])],
  ['terms that are missing', (json) => (json.terms = {})],
];

for (const [name, spoil] of faults) {
  test(`refuses ${name}`, () => {
    const json = JSON.parse(shipped) as Json;
    parseCatalogue(JSON.stringify(json));
    spoil(json);
    assert.throws(() => parseCatalogue(JSON.stringify(json)));
  });
}

test.run();
