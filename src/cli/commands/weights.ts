/** `attune weights`: the catalogue of pretrained weights, and downloading from it. */
import { existsSync } from 'node:fs';
import { formatBytes } from '../../inputs/disk.js';
import { AttuneError } from '../../errors.js';
import { commandLine } from '../../runs/command-line.js';
import { resolveOptions } from '../../finetune/index.js';
import { nearest } from '../../nearest.js';
import {
  type CatalogueEntry,
  catalogue,
  type DownloadProgress,
  fetchWeights,
  findWeights,
  isHubName,
  licenceTerms,
  resolveWeights,
  weightsPath,
} from '../../weights/index.js';
import type { Output } from '../output.js';
import type { ProgressState } from '../progress.js';
import { withSession } from '../session.js';
import { facts, table } from '../table.js';
import { oneLine } from '../../text.js';

export async function weightsListCommand(json: boolean, output: Output): Promise<number> {
  const entries = catalogue();
  if (json) {
    output.json({ weights: entries.map(describe) });
    return 0;
  }
  const rows = entries.map((entry) => [
    entry.name,
    entry.aliases.join(', '),
    entry.version,
    `${(entry.accuracy.top1 * 100).toFixed(2)} %`,
    entry.approximateBytes === undefined ? '-' : formatBytes(entry.approximateBytes),
    isCached(entry) ? 'yes' : 'no',
  ]);
  const columns = [
    { title: 'name' },
    { title: 'alias' },
    { title: 'version' },
    { title: 'top-1', align: 'right' },
    { title: 'size', align: 'right' },
    { title: 'here' },
  ] as const;
  const [titles, ...lines] = table(columns, rows);
  output.print(output.paint.bold(titles), lines);
  output.print('', 'top-1  accuracy on ImageNet, as torchvision and Keras publish it');
  output.print('here   downloaded already', '', `Next: ${nextCommand(entries)}`);
  return 0;
}

/** The first that is not here yet, so that the line can be typed as it stands. */
function nextCommand(entries: readonly CatalogueEntry[]): string {
  const { name } = entries.find((entry) => !isCached(entry)) ?? entries[0];
  return commandLine(['weights', 'get', name]);
}

export async function weightsGetCommand(name: string, json: boolean, output: Output): Promise<number> {
  if (isHubName(name)) return getFromHub(name, json, output);
  const entry = findWeights(name);
  if (entry === undefined) throw unknownName(name);
  const { path, sha256 } = await withSession(output, ({ onEvent, signal }) =>
    fetchWeights(entry, {
      signal,
      onLicence({ licence, note, text }) {
        output.note(`${text.trimEnd()}\n`);
        onEvent({ type: 'note', text: `Licence: ${licence}; ${note}.` });
        onEvent({ type: 'note', text: `Downloading ${entry.url}` });
      },
      onProgress: (progress) => onEvent(toEvent(entry, progress)),
      onRetry: (reason, pauseMs) =>
        onEvent({ type: 'note', text: `${reason}; trying again in ${Math.ceil(pauseMs / 1000)} s` }),
    }),
  );
  if (json) output.json({ ...describe(entry), path, sha256 });
  else
    output.print(
      facts([
        ['file', oneLine(path)],
        ['sha256', sha256],
        ['checked', describeCheck(entry)],
      ]),
    );
  return 0;
}

/** Weights of the Hugging Face hub, into the hub's own cache. */
async function getFromHub(name: string, json: boolean, output: Output): Promise<number> {
  const { path, sha256, hub } = await withSession(output, (context) =>
    resolveWeights(name, resolveOptions(context)),
  );
  const pinned = hub?.name ?? name;
  if (json) output.json({ name: pinned, path, sha256 });
  else
    output.print(
      facts([
        ['file', oneLine(path)],
        ['sha256', sha256],
        ['from', pinned],
        ['checked', 'each file of weights has the hash that the hub gives for it'],
      ]),
    );
  return 0;
}

/** An entry as JSON. */
function describe(entry: CatalogueEntry) {
  const { name, aliases, model, version, file, url, hash, parameters, accuracy } = entry;
  return {
    name,
    aliases,
    model,
    version,
    file,
    url,
    check: hash.check,
    approximate_bytes: entry.approximateBytes ?? null,
    parameters,
    accuracy: {
      dataset: accuracy.dataset,
      top1: accuracy.top1,
      top5: accuracy.top5,
      source: accuracy.source,
    },
    licence: licenceTerms(entry).licence,
    downloaded: isCached(entry),
  };
}

function isCached(entry: CatalogueEntry): boolean {
  return existsSync(weightsPath(entry));
}

function describeCheck({ hash }: CatalogueEntry): string {
  if (hash.check === 'none') return 'its length only: nobody publishes a hash of this file';
  return hash.check === 'sha256'
    ? 'the whole sha256 is the known one'
    : `the first ${hash.hex.length} digits of the sha256 are those in the file name, as torch.hub checks; no more is published`;
}

function toEvent(
  entry: CatalogueEntry,
  { received, total, bytesPerSecond, waiting }: DownloadProgress,
): ProgressState {
  const expected = total ?? entry.approximateBytes ?? null;
  const rate = bytesPerSecond === null || bytesPerSecond === 0 ? null : bytesPerSecond;
  return {
    type: 'progress',
    task: waiting ? 'waiting for another download' : 'downloading',
    done: received,
    total: expected === null ? null : Math.max(expected, received),
    secondsLeft: rate === null || expected === null ? null : Math.max(0, expected - received) / rate,
    unit: 'bytes',
    ...(rate !== null && { detail: `${formatBytes(rate)}/s` }),
  };
}

function unknownName(name: string): AttuneError {
  const guess = nearest(
    name,
    catalogue().flatMap((entry) => [entry.name, ...entry.aliases, entry.file]),
  );
  return new AttuneError({
    code: 'usage',
    what: `there are no weights named ${JSON.stringify(name)}`,
    where: 'attune weights get',
    hint:
      guess === undefined ? `${commandLine(['weights', 'list'])} shows all names` : `did you mean ${guess}?`,
  });
}
