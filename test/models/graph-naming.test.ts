/** Networks found again in graphs that have lost their names. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GraphLayer, TensorFile } from '#src/formats/tensors';
import { detectArchitecture } from '#src/models/detect';
import { fromGraph } from '#src/models/graph-naming';
import { identify } from '#src/models/identify';
import { modelTensors } from '#src/models/naming';
import { findModel } from '#src/models/registry';
import { BatchNorm2d } from '#src/nn/batch-norm';
import { Conv2d } from '#src/nn/conv2d';
import { Linear } from '#src/nn/linear';
import type { Module } from '#src/nn/module';
import { permuteShape } from '#src/nn/permute';
import { loadStateDict, stateDict, type WeightsEntry } from '#src/nn/state-dict';
import { paddingOf, pairOf } from '#src/ops/conv2d/window';
import { MODEL_NAMES, type ModelName } from '#src/models/names';

interface Graph {
  readonly layers: GraphLayer[];
  readonly tensors: WeightsEntry[];
}

/** The arrays of a network in PyTorch's layout. All values of one are its number, so no network is ever initialised. */
function arraysOf(name: ModelName): Map<string, WeightsEntry> {
  const arrays = new Map<string, WeightsEntry>();
  for (const { name: path, array, owner, field } of findModel(name).create({ classes: 5 }).namedArrays()) {
    const shape = permuteShape(array.shape, owner.torchAxes(field) ?? array.shape.map((_, d) => d));
    const number = arrays.size;
    arrays.set(path, { name: path, dtype: 'F32', shape, read: async () => Float32Array.of(number) });
  }
  return arrays;
}

/** Layers of a network with their modules, as an exporter orders them. */
function layersOf(name: ModelName, shortcutFirst: boolean): [layer: string, module: Module][] {
  const modules = new Map<string, Module>();
  for (const { name: path, owner, field } of findModel(name).create({ classes: 5 }).namedArrays()) {
    modules.set(path.slice(0, -field.length - 1), owner);
  }
  const layers = [...modules];
  if (!shortcutFirst) return layers;
  // Stable, so only the shortcuts move within their blocks.
  const key = ([layer]: readonly [string, Module]) =>
    layer.replace(/downsample\.(\d)$/, (_, i) => `a${i}`).replace(/\.(conv|bn)(\d)$/, '.b');
  const blocks = [...new Set(layers.map(([layer]) => blockOf(layer)))];
  return blocks.flatMap((block) =>
    layers
      .filter(([layer]) => blockOf(layer) === block)
      .sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)),
  );
}

function blockOf(layer: string): string {
  return /^layer\d\.\d+/.exec(layer)?.[0] ?? layer;
}

const PLAIN = { transposed: false, strides: [], pads: [] } as const;

/** The graph of a network, its tensors numbered, batch norms as they are or as a bias of the convolution. */
function graphOf(name: ModelName, folded: boolean, shortcutFirst = false): Graph {
  const arrays = arraysOf(name);
  const tensors: WeightsEntry[] = [];
  const add = (entry: WeightsEntry | undefined) => {
    tensors.push({ ...(entry as WeightsEntry), name: `onnx::${tensors.length}` });
    return `onnx::${tensors.length - 1}`;
  };
  const layers = layersOf(name, shortcutFirst).flatMap(([layer, module]): GraphLayer[] => {
    const of = (field: string) => arrays.get(`${layer}.${field}`);
    if (module instanceof Conv2d) {
      const { stride = 1, padding = 0 } = module.options;
      if (padding === 'same') throw new Error('none of these networks');
      const { top, left, bottom, right } = paddingOf(padding);
      const weight = of('weight') as WeightsEntry;
      const bias = {
        name: '',
        dtype: 'F32',
        shape: [weight.shape[0]],
        read: async () => Float32Array.of(0.5),
      };
      const own = of('bias');
      const stored = own !== undefined || folded ? [add(weight), add(own ?? bias)] : [add(weight)];
      const place = { strides: [...pairOf(stride)], pads: [top, left, bottom, right] };
      return [{ ...PLAIN, ...place, kind: 'conv', tensors: stored }];
    }
    if (module instanceof BatchNorm2d) {
      const fields = ['weight', 'bias', 'running_mean', 'running_var'];
      return folded ? [] : [{ ...PLAIN, kind: 'batch-norm', tensors: fields.map((field) => add(of(field))) }];
    }
    return [{ ...PLAIN, kind: 'linear', tensors: [add(of('weight')), add(of('bias'))] }];
  });
  return { layers, tensors };
}

/** Networks of convolutions, batch norms and linear layers alone, none of them Keras's. */
const TOLD = MODEL_NAMES.filter((name) => {
  const { graphOf: other, create } = findModel(name);
  const kinds = [Conv2d, BatchNorm2d, Linear];
  const owners = Array.from(create().namedArrays(), ({ owner }) => owner);
  return other === undefined && owners.every((owner) => kinds.some((kind) => owner instanceof kind));
});

test('networks with layers of other kinds are not told by their order', () => {
  assert.ok(TOLD.includes('vgg16') && TOLD.includes('efficientnet_b0') && !TOLD.includes('convnext_tiny'));
});

for (const name of TOLD) {
  test(`${name}, with batch norms`, async () => {
    const { layers, tensors } = graphOf(name, false);
    const named = fromGraph(layers, tensors) as WeightsEntry[];
    const { options: _, ...found } = detectArchitecture(named)!;
    assert.equal(found, { name, classes: 5, supported: true });
    const arrays = arraysOf(name);
    assert.is(named.length, arrays.size);
    for (const entry of named) {
      const wanted = arrays.get(entry.name) as WeightsEntry;
      assert.equal(entry.shape, wanted.shape, entry.name);
      assert.equal(await entry.read(), await wanted.read(), entry.name);
    }
  });
}

test('folded batch norms become ones that add the bias', async () => {
  const { layers, tensors } = graphOf('resnet18', true);
  const named = new Map(fromGraph(layers, tensors)!.map((entry) => [entry.name, entry]));
  const first = async (name: string) => (await named.get(name)!.read())[0];
  assert.is(await first('layer2.0.downsample.1.weight'), 1);
  assert.is(await first('layer2.0.downsample.1.bias'), 0.5);
  assert.is(await first('layer2.0.downsample.1.running_mean'), 0);
  assert.ok(Math.abs((await first('layer2.0.downsample.1.running_var')) + 1e-5 - 1) < 1e-7);
});

test('an exporter that writes shortcuts first', async () => {
  const { layers, tensors } = graphOf('resnet50', true, true);
  assert.equal(tensors[2].shape, [256, 64, 1, 1]);
  const named = new Map(fromGraph(layers, tensors)!.map((entry) => [entry.name, entry]));
  const arrays = arraysOf('resnet50');
  assert.is(named.size, arrays.size);
  for (const name of ['layer1.0.downsample.0.weight', 'layer1.0.conv3.weight', 'layer4.0.conv2.weight']) {
    assert.equal(await named.get(name)!.read(), await arrays.get(name)!.read(), name);
  }
});

test('a head whose weight is [inputs, outputs]', async () => {
  const { layers, tensors } = graphOf('resnet18', true);
  const at = tensors.findIndex(({ name }) => name === layers.at(-1)!.tensors[0]);
  tensors[at] = {
    ...tensors[at],
    shape: [512, 5],
    read: async () => Float32Array.from({ length: 2560 }, (_, i) => i),
  };
  layers[layers.length - 1] = { ...layers.at(-1)!, transposed: true };
  const weight = fromGraph(layers, tensors)!.find(({ name }) => name === 'fc.weight')!;
  assert.equal(weight.shape, [5, 512]);
  assert.equal([...(await weight.read()).subarray(0, 3)], [0, 5, 10]);
});

for (const hasNames of [false, true]) {
  test(`a batch norm's own epsilon is taken into its variance, ${hasNames ? 'with' : 'without'} names`, async () => {
    const graph = graphOf('resnet18', false);
    const model = findModel('resnet18').create({ classes: 5 });
    const names = new Map(
      fromGraph(graph.layers, graph.tensors)!.map(({ name }, i) => [graph.tensors[i].name, name]),
    );
    const nameOf = (name: string) => (hasNames ? names.get(name)! : name);
    const tensors = graph.tensors.map(({ name, dtype, shape }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return { name: nameOf(name), dtype, shape, read: async () => new Float32Array(length).fill(0.5) };
    });
    const loaded = async (epsilon: number) => {
      const layers = graph.layers.map((layer, i) => {
        const named = { ...layer, tensors: layer.tensors.map(nameOf) };
        return i === 1 ? { ...named, epsilon } : named;
      });
      const file = { layout: 'pytorch', tensors, layers } as unknown as TensorFile;
      await loadStateDict(model, modelTensors(file));
      const values = await stateDict(model);
      return ['bn1', 'layer1.0.bn1'].map((norm) => values.get(`${norm}.running_var`)!.data[0]);
    };
    assert.equal(await loaded(Math.fround(1e-5)), [0.5, 0.5]);
    assert.equal(await loaded(1e-3), [Math.fround(0.5 + 1e-3 - 1e-5), 0.5]);
  });
}

test('the linear layers of another head keep their names, and none is none', () => {
  const { layers, tensors } = graphOf('resnet18', true);
  const head = layers.at(-1) as GraphLayer;
  const [weight, bias] = head.tensors;
  const second = {
    name: 'onnx::MatMul_9',
    dtype: 'F32',
    shape: [5, 2],
    read: async () => new Float32Array(10),
  };
  const more = { ...head, tensors: [second.name], transposed: true };
  const both = fromGraph([...layers, more], [...tensors, second]);
  const others = both?.slice(-3).map(({ name, shape }) => [name, shape.length]);
  assert.equal(others, [
    [weight, 2],
    [bias, 1],
    [second.name, 2],
  ]);
  assert.equal(both?.at(-1)?.shape, [2, 5], 'in the layout of PyTorch');
  assert.equal(identify(both ?? [])?.otherHead, [weight, bias, second.name]);
  const trunk = fromGraph(layers.slice(0, -1), tensors) ?? [];
  assert.is(trunk.at(-1)?.name, 'layer4.1.bn2.running_var');
  const { hasTrunk, classes, otherHead } = identify(trunk) ?? {};
  assert.equal([hasTrunk, classes, otherHead], [true, null, []]);
});

test('what is no network of the registry, or not in every respect', async () => {
  const { layers, tensors } = graphOf('resnet50', true);
  const changed = (i: number, change: Partial<GraphLayer>) =>
    layers.map((layer, at) => (at === i ? { ...layer, ...change } : layer));
  // Keras's ResNet50 has the same shapes and its strides elsewhere.
  assert.is(fromGraph(changed(11, { strides: [2, 2] }), tensors), null);
  assert.is(fromGraph(changed(0, { pads: [2, 2, 3, 3] }), tensors), null);
  assert.is(fromGraph(changed(3, { tensors: [layers[3].tensors[0]] }), tensors), null);
  assert.is(fromGraph(layers.slice(1), tensors), null);
  assert.is(fromGraph([{ ...layers[0], kind: 'batch-norm' }, ...layers], tensors), null);
});

test.run();
