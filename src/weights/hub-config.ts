/**
 * What a repository's JSON says of its images: `config.json` of timm (under `pretrained_cfg`), `preprocessor_config.json`
 * of transformers. And the labels of `config.json`.
 */

import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import type { ModelPreprocessing } from './preprocessing.js';

const positive = v.pipe(v.number(), v.minValue(0.001), v.maxValue(100_000));
const size = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000));
const rgb = v.tuple([v.number(), v.number(), v.number()]);
const deviations = v.tuple([positive, positive, positive]);

const timmSchema = v.object({
  pretrained_cfg: v.object({
    input_size: v.tuple([v.literal(3), size, size]),
    interpolation: v.optional(v.string(), 'bilinear'),
    crop_pct: v.optional(v.nullable(v.pipe(positive, v.maxValue(1)))),
    crop_mode: v.optional(v.string(), 'center'),
    mean: rgb,
    std: deviations,
  }),
});

const sides = v.union([size, v.object({ shortest_edge: size }), v.object({ height: size, width: size })]);

const transformersSchema = v.object({
  size: sides,
  crop_size: v.optional(sides),
  do_center_crop: v.optional(v.boolean()),
  /** Share of the resized short side that the crop keeps. */
  crop_pct: v.optional(v.nullable(v.pipe(positive, v.maxValue(1)))),
  /** PIL's number. */
  resample: v.optional(v.number(), 2),
  do_resize: v.optional(v.boolean(), true),
  do_rescale: v.optional(v.boolean(), true),
  rescale_factor: v.optional(v.number(), 1 / 255),
  do_normalize: v.optional(v.boolean(), true),
  image_mean: rgb,
  image_std: deviations,
});

const labelsSchema = v.object({ id2label: v.record(v.string(), v.string()) });

/** timm's share when a configuration names none. */
const TIMM_CROP = 0.875;

/** PIL's numbers of the two filters that attune has. */
const RESAMPLE: Readonly<Record<number, string>> = { 2: 'bilinear', 3: 'bicubic' };

/**
 * How images are prepared, from the texts of the two files; null when neither says so. Throws AttuneError 'weights' when
 * one says something that attune does not do.
 */
export function hubPreprocessing(
  config: unknown,
  preprocessor: unknown,
  where: string,
): ModelPreprocessing | null {
  const timm = v.safeParse(timmSchema, config);
  if (timm.success) {
    const { input_size, interpolation, crop_pct, crop_mode, mean, std } = timm.output.pretrained_cfg;
    if (crop_mode !== 'center')
      throw unsupported(`the crop mode ${crop_mode}, and attune crops the centre`, where);
    const [, height, width] = input_size;
    const crop = square(height, width, where);
    const resize = Math.floor(crop / (crop_pct ?? TIMM_CROP));
    return { resize, crop, interpolation: filter(interpolation, where), mean, std };
  }
  const transformers = v.safeParse(transformersSchema, preprocessor);
  if (!transformers.success) return null;
  const { image_mean: mean, image_std: std, resample, crop_pct } = transformers.output;
  checkSteps(transformers.output, where);
  const interpolation = filter(RESAMPLE[resample] ?? `PIL's filter ${resample}`, where);
  const side = sideOf(transformers.output.size, where);
  const { crop_size, do_center_crop = crop_size !== undefined } = transformers.output;
  if (do_center_crop && crop_size !== undefined) {
    return { resize: side, crop: sideOf(crop_size, where), interpolation, mean, std };
  }
  const resize = crop_pct === undefined || crop_pct === null ? side : Math.floor(side / crop_pct);
  return { resize, crop: side, interpolation, mean, std };
}

/** attune resizes, divides by 255 and normalises, always. */
function checkSteps(steps: v.InferOutput<typeof transformersSchema>, where: string): void {
  for (const step of ['do_resize', 'do_rescale', 'do_normalize'] as const) {
    if (!steps[step]) throw unsupported(`${step} false, and attune does it always`, where);
  }
  if (Math.abs(steps.rescale_factor * 255 - 1) > 1e-6) {
    throw unsupported(`a rescale_factor of ${steps.rescale_factor}, and attune divides by 255`, where);
  }
}

/** The labels of the outputs, in their order; null when there are none, or placeholders. */
export function hubLabels(config: unknown): readonly string[] | null {
  const parsed = v.safeParse(labelsSchema, config);
  if (!parsed.success) return null;
  const { id2label } = parsed.output;
  const labels = Array.from({ length: Object.keys(id2label).length }, (_, i) => id2label[i]);
  const given = labels.every((label) => label !== undefined && !/^LABEL_\d+$/.test(label));
  return given && labels.length > 0 ? labels : null;
}

function sideOf(value: v.InferOutput<typeof sides>, where: string): number {
  if (typeof value === 'number') return value;
  return 'shortest_edge' in value ? value.shortest_edge : square(value.height, value.width, where);
}

function square(height: number, width: number, where: string): number {
  if (height === width) return height;
  throw unsupported(`images of ${height} x ${width} pixels, and attune has square ones only`, where);
}

function filter(name: string, where: string): ModelPreprocessing['interpolation'] {
  if (name === 'bilinear' || name === 'bicubic') return name;
  throw unsupported(`resizing by ${name}, and attune has bilinear and bicubic`, where);
}

function unsupported(what: string, where: string): AttuneError {
  const hint = 'download the file and pass its path: then the usual preprocessing is used';
  return new AttuneError({ code: 'weights', what: `the repository asks for ${what}`, where, hint });
}
