/** Recipes by name, and from files. */
import { readFile } from 'node:fs/promises';
import { AttuneError } from '../errors.js';
import { hintForMissing, MOST_JSON } from '../formats/index.js';
import { nearest } from '../nearest.js';
import { parseRecipeFile, type RecipeFile } from './parse-recipe.js';
import type { Recipe } from './recipe-schema.js';

export const RECIPES: Readonly<Record<string, Partial<Recipe>>> = {
  /**
   * The article's PyTorch listing: ResNet50 with ImageNet weights, a new head, all layers at one rate by plain SGD
   * with momentum, StepLR(7, 0.1), 25 epochs. What the listing leaves open is PyTorch's transfer-learning
   * tutorial: batches of 4, random crops and flips, batch norm in training.
   */
  'article-resnet50': {
    model: 'resnet50',
    weights: 'resnet50-v1',
    strategy: 'full',
    batch_norm: 'train',
    epochs: 25,
    batch_size: 4,
    micro_batch: 4,
    optimizer: 'sgd',
    lr: 0.001,
    head_lr: 0.001,
    momentum: 0.9,
    nesterov: false,
    weight_decay: 0,
    max_gradient_norm: 0,
    schedule: 'step',
    step_size: 7,
    gamma: 0.1,
    warmup: 0,
    augment: 'standard',
    crop_scale: 0.08,
  },
  /**
   * The article's Keras listing: Keras's MobileNetV2, a new head alone (here the probe, which is trained until it
   * converges), then the layers from the hundredth on by Adam at a lower rate. The listing trains batch norm with the
   * statistics of batches; so does this with Keras's weights. Where those give the fitted head other features (weights of
   * 8 bits began at a loss of 2,300), 'auto' takes the ones that fit. What the listing leaves open is TensorFlow's
   * transfer-learning tutorial: 160 pixels, batches of 32, 1e-5, ten epochs, flips.
   */
  'article-mobilenetv2': {
    model: 'mobilenet_v2-keras',
    weights: 'mobilenet_v2-keras',
    strategy: 'probe-then-full',
    train_from: '100',
    batch_norm: 'auto',
    epochs: 10,
    batch_size: 32,
    micro_batch: 32,
    image_size: 160,
    optimizer: 'adam',
    lr: 1e-5,
    head_lr: 1e-5,
    weight_decay: 0,
    max_gradient_norm: 0,
    schedule: 'constant',
    warmup: 0,
    augment: 'flip',
  },
};

/** The fields of a recipe: one of the names above, or a JSON file. Throws AttuneError 'usage' or 'input'. */
export async function loadRecipe(nameOrPath: string): Promise<Partial<Recipe>> {
  return (await loadRecipeFile(nameOrPath)).fields;
}

/** As `loadRecipe`, and who has written it. */
export async function loadRecipeFile(nameOrPath: string): Promise<RecipeFile> {
  if (Object.hasOwn(RECIPES, nameOrPath)) return { fields: RECIPES[nameOrPath], isOfRun: false };
  const looksLikePath = /[\\/]|\.json$/i.test(nameOrPath);
  if (!looksLikePath) {
    const guess = nearest(nameOrPath, Object.keys(RECIPES));
    throw new AttuneError({
      code: 'usage',
      what: `there is no recipe ${JSON.stringify(nameOrPath)}`,
      where: '--recipe',
      hint:
        guess === undefined
          ? `choose ${Object.keys(RECIPES).join(', ')} or a .json file`
          : `did you mean ${guess}?`,
    });
  }
  const text = await readFile(nameOrPath, 'utf8').catch(async (error: NodeJS.ErrnoException) => {
    throw new AttuneError(
      {
        code: 'input',
        what:
          error.code === 'ENOENT'
            ? 'there is no such recipe'
            : `the recipe cannot be read: ${error.code ?? error.message}`,
        where: nameOrPath,
        hint: await hintForMissing(nameOrPath, 'check the path'),
      },
      { cause: error },
    );
  });
  if (text.length > MOST_JSON) {
    throw new AttuneError({
      code: 'input',
      what: `the file has more than ${MOST_JSON} characters, which no recipe has`,
      where: nameOrPath,
      hint: 'name a recipe',
    });
  }
  let value: unknown;
  try {
    // Editors on Windows begin a file with a byte order mark, which JSON knows nothing of.
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    throw new AttuneError(
      { code: 'input', what: 'the recipe is not JSON', where: nameOrPath, hint: 'correct it' },
      { cause },
    );
  }
  return parseRecipeFile(value, nameOrPath);
}
