/**
 * `npm run demo:photos`: the ants and bees of PyTorch's transfer-learning tutorial, 244 photographs to train and 153
 * to validate, with ResNet50 and the tutorial's recipe (`article-resnet50`: batches of 4, 25 epochs). Needs a network
 * the first time, for the photographs (47 MB) and the weights (103 MB).
 *
 * Many who ran the tutorial published their best validation accuracy: 0.935 to 0.961, with ResNet18.
 */
import { rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { endReport } from '../../cli/commands/report-at-end.js';
import { accuracyText } from '../../cli/tasks/result-text.js';
import { deviceOptions } from '../../cli/flags.js';
import type { Output } from '../../cli/output.js';
import { withSession } from '../../cli/session.js';
import { commandLine, pathFromHere } from '../../runs/command-line.js';
import { finetune, type RunContext } from '../../index.js';
import { download } from '../../weights/download.js';
import { cacheDir } from '../../weights/index.js';
import { unzip } from './unzip.js';

const URL = 'https://download.pytorch.org/tutorial/hymenoptera_data.zip';
/** As the tutorial's own build checks it. */
const SHA256 = 'fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209';
/** The archive's one folder. */
const NAME = 'hymenoptera_data';
const PUBLISHED = '0.935 to 0.961, ResNet18, best of 25 epochs';

/** Downloads, trains and prints; progress on standard error. Throws as `finetune` does, 'download' without a network. */
export async function photos(output: Output): Promise<void> {
  const device = deviceOptions({}, process.env);
  const { data, result } = await withSession(output, async (context) => {
    const data = await fetchPhotos(context);
    return { data, result: await finetune({ data, recipe: 'article-resnet50', ...device }, context) };
  });
  const page = await endReport(result, { report: true, ...device }, output);
  const run = pathFromHere(result.run);
  if (result.interrupted) {
    output.print(`Saved. To go on: ${commandLine(['finetune', '--resume', run])}`);
    return;
  }
  const { val_accuracy, interval, epoch } = result.best;
  output.print('Validation accuracy, ants and bees');
  output.print(
    `  attune     ${accuracyText(val_accuracy, interval)}, ResNet50, epoch ${epoch} of ${result.epochs.length}`,
  );
  output.print(
    `  published  ${PUBLISHED}`,
    '',
    page === null ? [] : ['Report', relative('.', page), ''],
    'Next',
    commandLine(['predict', run, join(pathFromHere(data), 'val', 'bees')]),
  );
}

/** The folder with train/ and val/, in the cache; downloaded and unpacked where it is not there yet. */
export async function fetchPhotos({ signal, onEvent }: RunContext): Promise<string> {
  const folder = join(cacheDir(), 'datasets');
  const photographs = join(folder, NAME);
  if (await stat(photographs).catch(() => null)) return photographs;
  onEvent?.({
    type: 'note',
    text: `Downloading ${URL}: a small part of ImageNet, for research and education.`,
  });
  const archive = await download({
    url: URL,
    path: join(folder, `${NAME}.zip`),
    hash: { check: 'sha256', hex: SHA256 },
    signal,
    onRetry: (reason) => onEvent?.({ type: 'note', text: `${reason}; trying again` }),
    onProgress: ({ received, total }) =>
      onEvent?.({
        type: 'progress',
        task: 'download',
        done: received,
        total,
        unit: 'bytes',
        secondsLeft: null,
      }),
  });
  // Under another name until it is whole. One file of the archive is a GIF that no tutorial reads.
  const unpacked = join(folder, `${NAME}-${process.pid}`);
  try {
    await unzip(archive.path, unpacked, (name) => name.endsWith('.jpg'));
    await rename(join(unpacked, NAME), photographs);
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
  return photographs;
}
