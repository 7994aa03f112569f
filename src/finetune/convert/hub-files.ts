/**
 * What lies beside the weights in a folder that Hugging Face's programs read: config.json, of the network and its labels, and
 * preprocessor_config.json, of its images.
 */
import type { Preprocessing } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { hubConfigOf } from '../../models/index.js';
import type { LoadedModel } from '../../runs/model-source.js';

/** What a task is called there, by what makes answers of its outputs. */
const PROBLEMS = {
  softmax: 'single_label_classification',
  sigmoid: 'multi_label_classification',
  linear: 'regression',
} as const;

/** Pillow's numbers of its filters. */
const RESAMPLE = { bilinear: 2, bicubic: 3 } as const;

/**
 * The texts of the files by their names. Throws AttuneError 'usage' for a network that attune writes no such description of;
 * `where` is the input.
 */
export function hubFiles(
  { model, task }: LoadedModel,
  { resize, crop, mean, std, interpolation }: Preprocessing,
  where: string,
): ReadonlyMap<string, string> {
  const config = hubConfigOf(model);
  if (config === null) {
    throw new AttuneError({
      code: 'usage',
      what: `attune writes no folder of Hugging Face's for ${model.architecture}`,
      where,
      hint: 'name a file, such as model.safetensors, and give --names huggingface where the library has the network',
    });
  }
  const labels = task.names.map((name, i) => [String(i), name] as const);
  return new Map(
    Object.entries({
      'config.json': {
        ...config,
        id2label: Object.fromEntries(labels),
        label2id: Object.fromEntries(labels.map(([index, name]) => [name, Number(index)])),
        problem_type: PROBLEMS[task.activation],
        torch_dtype: 'float32',
      },
      'preprocessor_config.json': {
        // Of the classes there, one that cuts from the centre.
        image_processor_type: 'CLIPImageProcessor',
        do_convert_rgb: true,
        do_resize: true,
        size: { shortest_edge: resize },
        resample: RESAMPLE[interpolation],
        do_center_crop: crop !== null,
        ...(crop !== null && { crop_size: { height: crop, width: crop } }),
        do_rescale: true,
        rescale_factor: 1 / 255,
        do_normalize: true,
        image_mean: mean,
        image_std: std,
      },
    }).map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]),
  );
}
