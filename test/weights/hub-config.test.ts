/** What repositories say of their images and outputs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AttuneError } from '#src/errors';
import { hubCacheDir } from '#src/weights/hub-cache';
import { hubLabels, hubPreprocessing } from '#src/weights/hub-config';

const statistics = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
const of = (preprocessor: object) => {
  const found = hubPreprocessing({}, { ...statistics, ...preprocessor }, 'hf:a/b');
  return found && [found.resize, found.crop, found.interpolation];
};

test('transformers: sizes in all of their forms, filters by their number', () => {
  // microsoft/resnet-50, before and since sizes have names.
  assert.equal(of({ size: 224, crop_pct: 0.875, resample: 3 }), [256, 224, 'bicubic']);
  assert.equal(of({ size: { shortest_edge: 224 }, crop_pct: 0.875, resample: 3 }), [256, 224, 'bicubic']);
  const crop = { do_center_crop: true, crop_size: { height: 224, width: 224 } };
  assert.equal(of({ size: { shortest_edge: 256 }, ...crop, resample: 2 }), [256, 224, 'bilinear']);
  assert.equal(of({ size: { height: 224, width: 224 } }), [224, 224, 'bilinear']);
  assert.equal(of({ size: 256, do_center_crop: false, crop_size: 224 }), [256, 256, 'bilinear']);
  assert.is(hubPreprocessing({}, undefined, 'x'), null);
  assert.is(of({ size: 'large' }), null);
});

test("timm: the crop's share of the short side", () => {
  const config = { input_size: [3, 224, 224], mean: [0, 0, 0], std: [1, 1, 1] };
  const timm = (more: object) => hubPreprocessing({ pretrained_cfg: { ...config, ...more } }, undefined, 'x');
  assert.is(timm({ crop_pct: 0.95 })?.resize, 235);
  assert.is(timm({ crop_pct: 1 })?.resize, 224);
  assert.is(timm({})?.resize, 256);
  assert.equal(timm({})?.std, [1, 1, 1]);
});

test('what attune does not do is refused and not replaced', () => {
  for (const [preprocessor, words] of [
    [{ size: 224, resample: 1 }, "resizing by PIL's filter 1"],
    [{ size: { height: 224, width: 192 } }, 'images of 224 x 192 pixels'],
    [{ size: 224, do_resize: false }, 'do_resize false'],
    [{ size: 224, do_normalize: false }, 'do_normalize false'],
    [{ size: 224, rescale_factor: 1 / 127.5 }, 'a rescale_factor of'],
  ] as const) {
    assert.throws(
      () => of(preprocessor),
      (error: unknown) => error instanceof AttuneError && error.message.includes(words),
    );
  }
});

test("timm's other crop modes are refused", () => {
  const config = { input_size: [3, 224, 224], mean: [0, 0, 0], std: [1, 1, 1], crop_mode: 'squash' };
  assert.throws(() => hubPreprocessing({ pretrained_cfg: config }, undefined, 'x'), /the crop mode squash/);
});

test('labels in the order of their numbers, without placeholders', () => {
  assert.equal(hubLabels({ id2label: { 1: 'bee', 0: 'ant' } }), ['ant', 'bee']);
  assert.is(hubLabels({ id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } }), null);
  assert.is(hubLabels({ id2label: { 0: 'ant', 2: 'bee' } }), null);
  assert.is(hubLabels({}), null);
  assert.is(hubLabels(undefined), null);
});

test('where the cache is', () => {
  assert.is(hubCacheDir({}, '/home/ada'), '/home/ada/.cache/huggingface/hub');
  assert.is(hubCacheDir({ XDG_CACHE_HOME: '/c' }, '/home/ada'), '/c/huggingface/hub');
  assert.is(hubCacheDir({ HF_HOME: '/hf', XDG_CACHE_HOME: '/c' }, '/home/ada'), '/hf/hub');
  assert.is(hubCacheDir({ HF_HUB_CACHE: '/x', HF_HOME: '/hf' }, '/home/ada'), '/x');
});

test.run();
