/**
 * The baseline without a network: logistic regression on raw pixels, fitted as the probe fits its head, its L2
 * strength by 5-fold cross-validation too.
 */
import { decodeImage, stratifiedFolds } from '../../inputs/index.js';
import { type FeatureSet, featureScale, HEAD_CONVERGENCE } from '../../tasks/heads/head-problem.js';
import { chooseStrength } from '../../training/heads/l2-strength.js';
import { LOGISTIC_STRENGTHS, LogisticProblem } from '../../tasks/heads/logistic-head.js';
import { type Device, type ImageFolder, minimize } from '../../index.js';

const FOLDS = 5;

/** The accuracy on the test images of `folder`, whose images are grey and all of one size. */
export async function pixelAccuracy(device: Device, folder: ImageFolder, seed: number): Promise<number> {
  const train = await pixelsOf(folder.train);
  const test = await pixelsOf(folder.test ?? []);
  const classes = folder.classes.length;
  const folds = stratifiedFolds(train.labels, FOLDS, seed);
  const scale = featureScale(train);
  const folded = new LogisticProblem(device, train, scale, classes, FOLDS);
  const { l2 } = await chooseStrength(folded, LOGISTIC_STRENGTHS, folds, () => undefined);
  folded.close();
  const problem = new LogisticProblem(device, train, scale, classes);
  const tested = new LogisticProblem(device, test, scale, classes);
  try {
    const evaluate = async (point: Float64Array) => (await problem.evaluate([point], l2))[0];
    const fit = await minimize(evaluate, new Float64Array(problem.size), HEAD_CONVERGENCE);
    const [{ predicted }] = await tested.evaluate([fit.point], 0);
    const right = test.labels.reduce((count, label, i) => count + (predicted[i] === label ? 1 : 0), 0);
    return right / test.labels.length;
  } finally {
    problem.close();
    tested.close();
  }
}

/** One feature for each pixel, 0 to 1. */
async function pixelsOf(images: ImageFolder['train']): Promise<FeatureSet> {
  const pictures = await Promise.all(images.map(({ path }) => decodeImage(path)));
  const rows = pictures.map(({ pixels }) => grey(pixels));
  const length = rows[0].length;
  const values = new Float32Array(rows.length * length);
  for (const [i, row] of rows.entries()) values.set(row, i * length);
  return { values, labels: Int32Array.from(images, ({ label }) => label), length };
}

/** Red, green and blue of a grey image are equal. */
function grey(pixels: Uint8Array): Float32Array {
  return Float32Array.from({ length: pixels.length / 3 }, (_, i) => pixels[3 * i] / 255);
}
