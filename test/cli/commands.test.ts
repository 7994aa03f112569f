/** Commands that need no trained network: weights, inspect, convert, doctor. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { advise, type DeviceReport } from '#src/cli/commands/doctor-advice';
import { imagenetPreprocessing } from '#src/inputs/index';
import { SUBGROUPS } from '#src/device/self-test';
import { writeCheckpoint } from '#src/finetune/index';
import { resnet18, resnetSmall } from '#src/models/index';
import { stateDict } from '#src/nn/state-dict';
import { COMMITS, withHub } from '../weights/hub-server.js';
import { attune, attuneHere } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'attune-cli-'));
test.after(() => rmSync(folder, { recursive: true }));
/** With no weights downloaded. */
const empty = { env: { ATTUNE_CACHE: join(folder, 'cache') } };
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../test/formats/fixtures/${name}`, import.meta.url));

test('weights lists the catalogue', async () => {
  const listed = await attune(['weights'], empty);
  assert.is(listed.status, 0);
  assert.is(listed.stderr, '');
  assert.match(
    listed.stdout,
    /^name .*\n(?:.*\n)*resnet50-v1 +resnet50 +IMAGENET1K_V1 +76\.13 % +103 MB +no\n/,
  );
  assert.equal(await attuneHere(['weights', 'list'], empty), listed);

  const { stdout } = await attuneHere(['weights', 'list', '--json'], empty);
  const { weights } = JSON.parse(stdout) as {
    weights: { name: string; check: string; downloaded: boolean }[];
  };
  const checks = weights.map(({ name, check, downloaded }) => [name, check, downloaded]);
  assert.equal(checks, [
    ['resnet18-v1', 'sha256-prefix', false],
    ['resnet34-v1', 'sha256-prefix', false],
    ['resnet50-v1', 'sha256', false],
    ['resnet50-v2', 'sha256-prefix', false],
    ['resnet101-v1', 'sha256-prefix', false],
    ['resnet101-v2', 'sha256-prefix', false],
    ['resnet152-v1', 'sha256-prefix', false],
    ['resnet152-v2', 'sha256-prefix', false],
    ['mobilenet_v2-v1', 'sha256-prefix', false],
    ['mobilenet_v2-v2', 'sha256-prefix', false],
    ['mobilenet_v3_large-v1', 'sha256-prefix', false],
    ['mobilenet_v3_large-v2', 'sha256-prefix', false],
    ['mobilenet_v3_small-v1', 'sha256-prefix', false],
    ['efficientnet_b0-v1', 'sha256-prefix', false],
    ['convnext_tiny-v1', 'sha256-prefix', false],
    ['vgg16-v1', 'sha256-prefix', false],
    ['mobilenet_v2-keras', 'none', false],
    ['mobilenet_v2-keras-no-top', 'none', false],
    ['vit_b_16-v1', 'sha256-prefix', false],
    ['vit_b_32-v1', 'sha256-prefix', false],
    ['vit_l_16-v1', 'sha256-prefix', false],
  ]);
});

test('weights get shows the licence before it connects, and a failure says where to put the file', async () => {
  // A proxy that lets nothing through.
  const proxy = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as { port: number };
  const { status, stdout, stderr } = await attuneHere(['weights', 'get', 'resnet18'], {
    env: { ...empty.env, HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: '', no_proxy: '' },
  });
  proxy.close();

  assert.is(status, 1);
  assert.is(stdout, '');
  const order = [
    'Copyright (c) Soumith Chintala',
    'Licence: BSD-3-Clause;',
    'Downloading https://',
    'attune: cannot download',
  ];
  const places = order.map((text) => stderr.indexOf(text));
  assert.ok(
    places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1])),
    stderr,
  );
  assert.match(stderr, /yourself and save it as .*resnet18-f37072fd\.pth\n$/);
});

test('inspect lists the tensors of a checkpoint, and what else it holds', async () => {
  const { status, stdout, stderr } = await attuneHere(['inspect', fixture('checkpoint-zip.pth')]);
  assert.is(status, 0);
  assert.is(stderr, '');
  assert.match(
    stdout,
    /^format {8}PyTorch \(zip\)\narchitecture {2}unknown\nparameters {4}6\ntensors {7}6\nalso holds {4}number \(3\).*\ngood for {6}convert, which copies/,
  );
  assert.match(stdout, /\ntensor +type {2}shape\n0\.weight +F32 {3}2 x 1 x 1 x 1\n/);
  assert.match(stdout, /\n1\.num_batches_tracked {2}I64 {3}scalar\n/);

  const json = JSON.parse((await attuneHere(['inspect', fixture('checkpoint-zip.pth'), '--json'])).stdout);
  assert.equal(Object.keys(json), ['format', 'architecture', 'parameters', 'tensors']);
  assert.equal(json.tensors[0], { name: '0.weight', dtype: 'F32', shape: [2, 1, 1, 1] });
});

/** A safetensors file with the names and shapes of a resnet18 and one byte an element. */
async function writeResNet18(): Promise<string> {
  const path = join(folder, 'resnet18.safetensors');
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const { name, shape } of (await stateDict(resnet18())).values()) {
    const begin = end;
    end += shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: 'U8', shape, data_offsets: [begin, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = openSync(path, 'w');
  writeSync(file, Buffer.concat([length, text]));
  ftruncateSync(file, 8 + text.length + end);
  closeSync(file);
  return path;
}

test('inspect says what any weights file is', async () => {
  for (const [name, format] of [
    ['keras/model.h5', 'Keras .h5'],
    ['keras/named.weights.h5', 'Keras 3 .weights.h5'],
    ['keras/model.keras', 'Keras 3 .keras'],
    ['tfjs/layers/model.json', 'TensorFlow.js layers model'],
    ['tfjs/graph/model.json', 'TensorFlow.js graph model'],
    ['onnx/named.onnx', 'ONNX'],
    ['npz/stored.npz', 'NumPy .npz'],
  ]) {
    const { status, stdout } = await attuneHere(['inspect', fixture(name)]);
    assert.is(status, 0, name);
    assert.is(stdout.split('\n')[0].replace(/^format +/, ''), format);
  }
});

test('inspect names the network, counts its parameters, and lists layers by index', async () => {
  const path = await writeResNet18();
  const { status, stdout } = await attuneHere(['inspect', path, '--layers']);
  assert.is(status, 0);
  assert.match(stdout, /\narchitecture {2}resnet18, 1,000 classes\nparameters {4}11,689,512\n/);
  assert.match(stdout, /\ngood for {6}finetune, evaluate and predict with --weights; convert\n/);
  assert.match(stdout, /\nindex {2}layer\n {4}0 {2}conv1\n {4}1 {2}bn1\n(?:.*\n)+ {3}10 {2}fc\n$/);
  const { layers } = JSON.parse((await attuneHere(['inspect', path, '--layers', '--json'])).stdout);
  assert.equal(layers[2], { index: 2, name: 'layer1.0' });
});

test('inspect says what attune left in a file: the classes and what images become', async () => {
  const path = join(folder, 'trained.safetensors');
  const classes = Array.from({ length: 9 }, (_, i) => `kind ${i}`);
  const task = { kind: 'classification', classes } as const;
  const info = { model: 'resnet-small', task, preprocessing: imagenetPreprocessing(32) };
  await writeCheckpoint(path, resnetSmall({ classes: 9 }), info, {});
  const { stdout } = await attuneHere(['inspect', path]);
  assert.match(
    stdout,
    /\nclasses {7}kind 0, .*kind 7, \.\.\. \(9\)\nimages {8}short side 37, crop 32, bilinear, minus \[0\.485,/,
  );
  const json = JSON.parse((await attuneHere(['inspect', path, '--json'])).stdout);
  assert.equal(json.classes, classes);
  assert.equal(json.preprocessing, info.preprocessing);
});

test('inspect and weights get take a repository of the hub', async () => {
  const file = readFileSync(fixture('reference.safetensors'));
  await withHub({ files: { 'model.safetensors': file }, large: ['model.safetensors'] }, async ({ env }) => {
    const got = await attuneHere(['weights', 'get', 'hf:ada/birds', '--json'], { env });
    assert.is(got.status, 0, got.stderr);
    assert.match(got.stderr, /Downloading model\.safetensors of hf:ada\/birds\./);
    const { name, path, sha256 } = JSON.parse(got.stdout);
    assert.is(name, `hf:ada/birds@${COMMITS.main}`);
    assert.is(sha256, createHash('sha256').update(file).digest('hex'));
    assert.ok(readFileSync(path).equals(file));
    const listed = await attuneHere(['inspect', 'hf:ada/birds', '--json'], { env });
    assert.is(JSON.parse(listed.stdout).format, 'safetensors', listed.stderr);
  });
});

test('inspect --layers is refused for a network that attune does not know', async () => {
  const { status, stderr } = await attuneHere(['inspect', fixture('checkpoint-zip.pth'), '--layers']);
  assert.is(status, 2);
  assert.match(stderr, /^attune: the weights are not those of a known network \(.*\): leave out --layers\n$/);
});

test('convert says what it wrote, what it left out, and what to do next', async () => {
  const from = fixture('checkpoint-zip.pth');
  const to = join(folder, 'two words.safetensors');
  const { status, stdout, stderr } = await attuneHere(['convert', from, to]);
  assert.is(status, 0, stderr);
  assert.is(stderr, '');
  assert.match(
    stdout,
    /^written {3}.*two words\.safetensors\nformat {4}safetensors\nnetwork {3}none of attune/,
  );
  assert.match(
    stdout,
    /\ntensors {3}6, 488 bytes\nleft out {2}9 entries that are no tensors: the format has no place/,
  );
  assert.match(stdout, /\n\nNext: (?:npx )?attune inspect '.*two words\.safetensors'\n$/);

  const pth = join(folder, 'copy.pth');
  const json = JSON.parse((await attuneHere(['convert', to, pth, '--json'])).stdout);
  const { bytes, ...rest } = json;
  assert.equal(rest, {
    input: to,
    output: pth,
    format: 'pytorch',
    model: null,
    classes: null,
    outputs: null,
    preprocessing: null,
    temperature: null,
    reader: null,
    tensors: 6,
    files: [pth],
    dropped: [],
    left_out: [],
  });
  assert.is(bytes, statSync(pth).size);

  const again = await attuneHere(['convert', to, pth]);
  assert.is(again.status, 1);
  assert.match(
    again.stderr,
    /^attune: there is a file of this name already \(.*copy\.pth\): remove it, or give another name\n$/,
  );
  const wrong = await attuneHere(['convert', to, 'copy.xyz']);
  assert.is(wrong.status, 2);
  assert.match(wrong.stderr, /^attune: no format ends with \.xyz \(copy\.xyz\): end it with \.safetensors, /);
});

test('doctor reports every device with its self-tests', async () => {
  const { status, stdout } = await attune(['doctor', '--json'], { env: { ATTUNE_DEVICE: 'cpu' } });
  const report = JSON.parse(stdout);
  assert.equal(Object.keys(report), ['ok', 'node', 'default_device', 'devices', 'advice']);
  assert.is(report.default_device, 'cpu');
  assert.is(report.node, process.versions.node);
  const [cpu] = report.devices;
  assert.equal(Object.keys(cpu), ['kind', 'adapter', 'software', 'features', 'limits', 'self_tests']);
  assert.is(cpu.kind, 'cpu');
  assert.is(cpu.self_tests.length, 5);
  for (const { name, ok } of cpu.self_tests) assert.is(ok, true, name);
  assert.is(report.ok, true);
  assert.is(status, 0);
});

function device(changes: Partial<DeviceReport>): DeviceReport {
  const self_tests = [{ name: 'float32 arithmetic', ok: true }];
  return {
    kind: 'webgpu',
    adapter: 'GPU',
    software: false,
    features: [],
    limits: {},
    self_tests,
    ...changes,
  };
}

test('doctor advises: nothing where all is well, else what to install or update', () => {
  const cpu = device({ kind: 'cpu', adapter: 'CPU', features: ['simd'] });
  const of = (
    devices: DeviceReport[],
    dawnProblem: string | null = null,
    platform: NodeJS.Platform = 'linux',
  ) => advise({ dawnProblem, devices, platform });
  assert.equal(of([cpu, device({})]), []);
  assert.match(of([cpu])[0], /^There is no GPU adapter: .*mesa-vulkan-drivers.*npm run setup:vulkan/);
  assert.match(of([cpu], null, 'win32')[0], /Direct3D 12/);
  assert.match(of([cpu], null, 'darwin')[0], /Metal/);
  assert.match(
    of([cpu, device({ software: true })])[0],
    /^There is no hardware GPU, only software that plays one/,
  );
  assert.match(
    of([cpu], 'the package webgpu cannot be loaded')[0],
    /^the package webgpu cannot be loaded\. /,
  );
  assert.match(of([device({ kind: 'cpu' }), device({})])[0], /runs no WebAssembly SIMD/);
  const failed = [{ name: 'NaN by its bits', ok: false }];
  assert.match(of([cpu, device({ self_tests: failed })])[0], /^Do not trust GPU: update its driver/);
  const subgroups = { name: SUBGROUPS, ok: false };
  assert.match(
    of([cpu, device({ self_tests: [subgroups] })])[0],
    /^GPU computes subgroup operations wrongly: attune does without them/,
  );
  assert.match(of([cpu, device({ self_tests: [...failed, subgroups] })])[0], /^Do not trust GPU/);
  assert.match(
    of([device({ ...cpu, self_tests: failed }), device({})])[0],
    /^The processor gives wrong results/,
  );
});
test.run();
