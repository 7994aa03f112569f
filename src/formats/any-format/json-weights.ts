/**
 * Weights that begin with a JSON file: the index of sharded safetensors, and TensorFlow.js's `model.json`. Which of them
 * it is, its keys say; everything else in it is skipped.
 */

import type { Pauses } from '../../pauses.js';
import { type ByteSource, decodeText, type SiblingFiles } from '../bytes.js';
import { JsonScanner } from '../json.js';
import { type KerasLayer, parseKerasLayer } from '../keras/config.js';
import { parseWeightMap, readShardedSafetensors, type WeightMap } from '../safetensors-sharded.js';
import { type TensorFile, weightsError } from '../tensors.js';
import { parseManifest, readTfjs, type WeightsGroup } from '../tfjs/model.js';

/** The longest JSON file that is read. The graph of a large model has about 10 MB. */
const MAX_JSON_BYTES = 64 * 2 ** 20;

/**
 * Reads the JSON file and the descriptions of the files that it names, and offers their tensors.
 * @throws AttuneError 'weights' if it is not JSON, names no weights, or the named files are not what it says; 'input' if
 *   one of them is missing.
 */
export async function readJsonWeights(
  source: ByteSource,
  siblings: SiblingFiles | undefined,
): Promise<TensorFile> {
  const { weightMap, groups, topology, isGraph, metadata } = await parse(
    await readText(source),
    source.pauses,
    source.name,
  );
  if (weightMap === undefined && groups === undefined) {
    throw weightsError(
      source.name,
      'this is a JSON text without weights: no weight_map of sharded safetensors, no weightsManifest of TensorFlow.js',
      'name the file with the weights, not the one that describes the model',
    );
  }
  if (siblings === undefined) {
    throw weightsError(source.name, 'the weights are in other files', 'open it by its path');
  }
  return weightMap === undefined
    ? readTfjs(source, siblings, { groups: groups as WeightsGroup[], topology, isGraph, metadata })
    : readShardedSafetensors(source, siblings, weightMap);
}

async function readText(source: ByteSource): Promise<string> {
  if (source.size > MAX_JSON_BYTES) {
    throw weightsError(source.name, `the JSON text has ${source.size} bytes, more than ${MAX_JSON_BYTES}`);
  }
  try {
    return await decodeText(await source.read(0, source.size), source.pauses);
  } catch (error) {
    if (error instanceof TypeError) throw weightsError(source.name, 'the JSON text is not UTF-8');
    throw error;
  }
}

interface Contents {
  readonly weightMap: WeightMap | undefined;
  readonly groups: WeightsGroup[] | undefined;
  readonly topology: KerasLayer | undefined;
  readonly isGraph: boolean;
  /** What a program has left in a model of TensorFlow.js, as far as it is texts. */
  readonly metadata: Readonly<Record<string, string>>;
}

async function parse(text: string, pauses: Pauses, where: string): Promise<Contents> {
  const json = new JsonScanner(text, pauses, (what) => weightsError(`${where}, JSON`, what));
  let weightMap: WeightMap | undefined;
  let groups: WeightsGroup[] | undefined;
  let topology: KerasLayer | undefined;
  let isGraph = false;
  let metadata = {};
  await json.object(async (key) => {
    const next = json.peek();
    if (key === 'weight_map') weightMap = await parseWeightMap(json, where);
    else if (key === 'weightsManifest') groups = await parseManifest(json, where);
    else if (key === 'userDefinedMetadata' && next === '{') metadata = await parseTexts(json);
    else if (key === 'format' && next === '"') isGraph = json.string() === 'graph-model' || isGraph;
    // Old files do not name their format, but only a graph has nodes.
    else if (key === 'modelTopology' && next === '{') {
      const found = await parseTopology(json, `${where}, modelTopology`);
      isGraph ||= found.hasNodes;
      topology = found.model;
    } else await json.skip();
  });
  json.end();
  return { weightMap, groups, topology, isGraph, metadata };
}

async function parseTexts(json: JsonScanner): Promise<Record<string, string>> {
  const texts: [string, string][] = [];
  await json.object(async (key) => {
    if (json.peek() === '"') texts.push([key, await json.text()]);
    else await json.skip();
  });
  // fromEntries defines its keys, so even "__proto__" is plain text.
  return Object.fromEntries(texts);
}

/** A Keras model, by itself or as `model_config`; or the nodes of a graph. */
async function parseTopology(
  json: JsonScanner,
  where: string,
): Promise<{ model: KerasLayer; hasNodes: boolean }> {
  let inner: KerasLayer | undefined;
  let hasNodes = false;
  const outer = await parseKerasLayer(json, where, async (key) => {
    if (key === 'model_config' && json.peek() === '{') inner = await parseKerasLayer(json, where);
    else await json.skip();
    hasNodes ||= key === 'node';
  });
  return { model: inner ?? outer, hasNodes };
}
