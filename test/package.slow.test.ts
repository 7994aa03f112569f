/**
 * The package as a stranger gets it: packed, installed with NODE_ENV=production and without install scripts into a
 * folder whose name has an umlaut and spaces, and used from another working folder; then on the oldest and the current
 * Node, which `npm run setup:nodes` fetches. Installing needs the network, or npm's cache.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { picture, writeFiles, writeWeights } from './finetune/support.js';

/** Bytes that the packed package may have, a third of them sources and maps to them; and any file of it. */
const SIZE_LIMIT = 3_000_000;
const FILE_LIMIT = 60_000;
/** The reading tour holds whole changes as patches. */
const TOUR_LIMIT = 110_000;
/** A module has all SIMD functions, about a kilobyte each. */
const SIMD_LIMIT = 110_000;

function limitOf(path: string): number {
  if (path === 'src/README.md') return TOUR_LIMIT;
  return path.endsWith('.wasm') ? SIMD_LIMIT : FILE_LIMIT;
}

const INSTALL_FLAGS = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];

/** What a user of the library may write; one type of each kind of declaration. */
const PROGRAM = `
import { AttuneError, add, type Device, open, type ResNet, resnet18, tensor, type TypedArray } from 'attune';

const device: Device = await open('cpu');
const sum: TypedArray = await device.run(() => add(tensor([1, 2], [2]), tensor([10, 20], [2])));
const model: ResNet = resnet18({ classes: 2 });
await device.close();
console.log(Array.from(sum).join(' '), model.architecture, new AttuneError({ code: 'input', what: 'x' }).code);
`;

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'attune-package-'));
const folder = join(scratch, 'Ordner mit Ä und Leerzeichen');
const elsewhere = join(scratch, 'woanders');
const installed = join(folder, 'node_modules', 'attune');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The versions of Node that `npm run setup:nodes` fetches; a package is { name, version, integrity }. */
const { NODES, unpacked } = await import(pathToFileURL(join(root, 'test/runner/nodes.mjs')).href);

/** Lists what is packed, as npm tells it. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}
let packed: Packed;

/** What the Node that runs this test trains to. */
let expected: object | undefined;

test.before(() => {
  mkdirSync(folder);
  mkdirSync(elsewhere);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
});
test.after(() => rmSync(scratch, { recursive: true, force: true }));

// The order matters: each test uses what those before it made.
test('it is packed small, with all that runs and nothing that tests', () => {
  const output = npm(
    ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch],
    copyWithoutScripts(),
  );
  const report: unknown = JSON.parse(output);
  // npm 12 answers with an object of packages, older ones with an array.
  packed = Object.values(report as Record<string, Packed>)[0];
  console.log(`# ${packed.filename}: ${Math.round(packed.size / 1000)} kB, ${packed.files.length} files`);
  assert.ok(packed.size < SIZE_LIMIT, `${packed.size} bytes`);
  assert.equal(
    packed.files.filter(({ path, size }) => size > limitOf(path)),
    [],
    'no large file is among them',
  );

  const paths = packed.files.map(({ path }) => path);
  assert.equal(
    paths.filter((path) =>
      /^(?:test|bench|build|node_modules|runs)\/|\/demo\/|\.test\.|\.(?:pth|log)$/.test(path),
    ),
    [],
  );
  for (const needed of [
    'dist/index.js',
    'dist/index.d.ts',
    'src/cli/attune.mjs',
    'README.md',
    'README.zh-CN.md',
    'src/device/README.md',
    'src/finetune/README.md',
    'weights/README.md',
  ]) {
    assert.ok(paths.includes(needed), needed);
  }
});

test('it installs for production without running a script', () => {
  npm(['install', ...INSTALL_FLAGS, join(scratch, packed.filename)], folder, { NODE_ENV: 'production' });
  assert.ok(existsSync(join(installed, 'dist/index.js')));
  // The source maps point at sources that are there.
  const map = JSON.parse(readFileSync(join(installed, 'dist/index.js.map'), 'utf8'));
  assert.ok(statSync(join(installed, 'dist', map.sources[0])).isFile());
});

test('npx attune runs in that folder', () => {
  assert.is(npm(['exec', '--offline', '--', 'attune', '--version'], folder).trim(), version);
});

test('the devices of the machine pass, seen from another folder', () => {
  const { ok, devices } = JSON.parse(attune(['doctor', '--json']));
  const cpu = devices.find(({ kind }: { kind: string }) => kind === 'cpu');
  assert.ok(cpu.self_tests.length > 0);
  assert.ok(cpu.self_tests.every(({ ok }: { ok: boolean }) => ok));
  assert.type(ok, 'boolean');
});

test('it fine-tunes and predicts from another folder', async () => {
  const weights = await writeWeights(join(elsewhere, 'gewichte ü.safetensors'), 5);
  for (const [kind, name] of ['Äpfel', 'Birnen groß'].entries()) {
    for (let i = 0; i < 6; i++) writeFiles(elsewhere, { [`Bilder/${name}/${i}.png`]: picture(kind, i) });
  }
  const flags = ['--weights', weights, '--image-size', '64', '--device', 'cpu', '--out', 'Lauf 1', '--json'];
  const { checkpoints, images } = JSON.parse(attune(['finetune', 'Bilder', ...flags]));
  assert.is(images.train + images.val, 12);
  assert.equal(
    Object.values(checkpoints).filter((path) => !existsSync(resolve(elsewhere, String(path)))),
    [],
  );
  const answer = JSON.parse(attune(['predict', 'Lauf 1', 'Bilder/Äpfel/0.png', '--device', 'cpu', '--json']));
  assert.is(answer.images[0].predictions.length, 2);
});

test('its types stand without any other package, checked as strictly as can be', () => {
  writeFileSync(join(folder, 'program.ts'), PROGRAM);
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023'],
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    // Only Node's own types: nothing of WebGPU, which the declarations must not need.
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  run(process.execPath, [join(root, 'node_modules/typescript/lib/tsc.js'), '-p', folder], elsewhere);
});

test('the program that was checked runs', () => {
  const printed = run(process.execPath, [join(folder, 'program.js')], elsewhere);
  assert.is(printed.trim(), '11 22 resnet18 input');
});

test('it can be imported by its path, and says what it exports', () => {
  const entry = pathToFileURL(join(installed, 'dist/index.js')).href;
  const code = `const { finetune, open } = await import(${JSON.stringify(entry)}); console.log(typeof finetune, typeof open)`;
  assert.is(
    run(process.execPath, ['--input-type=module', '--eval', code], elsewhere).trim(),
    'function function',
  );
});

test('the oldest Node that is tried is the one that is promised', () => {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.is(engines.node, `>=${NODES[0].node.version}`);
});

for (const { node, npm: ownNpm } of NODES) {
  test(`Node ${node.version} installs it, warns of nothing, and trains to the bytes of this Node`, async () => {
    const program = join(unpacked(node), 'bin/node');
    assert.ok(existsSync(program), `Node ${node.version} is not there: run "npm run setup:nodes"`);
    assert.is(run(program, ['--version'], scratch).trim(), `v${node.version}`);

    const place = join(scratch, `Node ${node.version}`);
    mkdirSync(place);
    writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true }));
    // What npm starts runs on the first Node of the path.
    const env = { PATH: `${dirname(program)}${delimiter}${process.env.PATH}` };
    const by = { node: program, ...(ownNpm && { npm: join(unpacked(ownNpm), 'bin/npm-cli.js') }) };
    npm(['install', ...INSTALL_FLAGS, join(scratch, packed.filename)], place, env, by);
    assert.match(npm(['exec', '--offline', '--', 'attune', '--help'], place, env, by), /^Usage: attune/);

    expected ??= await trainedOn(process.execPath, installed);
    assert.equal(await trainedOn(program, join(place, 'node_modules/attune')), expected);
  });
}

test.run();

/** What training for a few seconds comes to: the bytes of the checkpoints, and what the last one predicts. */
async function trainedOn(node: string, installed: string): Promise<object> {
  const weights = join(elsewhere, 'klein.safetensors');
  if (!existsSync(weights)) await writeWeights(weights, 5, 1000, 'resnet-small');
  const run = mkdtempSync(join(elsewhere, 'Lauf-'));
  // A cache of its own, or the features of the first run would be those of all.
  const on = { node, installed, cache: join(run, 'cache') };
  const flags = ['--weights', weights, '--image-size', '32', '--device', 'cpu', '--out', join(run, 'Lauf')];
  const method = ['--strategy', 'probe-then-full', '--epochs', '2', '--batch-size', '4'];
  const { checkpoints } = JSON.parse(attune(['finetune', 'Bilder', ...flags, ...method, '--json'], on));
  const { images } = JSON.parse(
    attune(['predict', checkpoints.last, 'Bilder/*/*.png', '--device', 'cpu', '--json'], on),
  );
  const bytes = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  return { best: bytes(checkpoints.best), last: bytes(checkpoints.last), images };
}

/** A copy to pack: npm 10 builds before it packs whatever it is told, and other tests use the build meanwhile. */
function copyWithoutScripts(): string {
  const copy = join(scratch, 'source');
  const { scripts: _, ...manifest } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of manifest.files.filter((name: string) => !name.startsWith('!'))) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  writeFileSync(join(copy, 'package.json'), JSON.stringify(manifest));
  return copy;
}

/** The installed program, in the other folder; Node has nothing to warn of. */
function attune(
  words: readonly string[],
  on: { node?: string; installed?: string; cache?: string } = {},
): string {
  // Not the link in .bin, which on Windows is a script for its shell.
  const script = join(on.installed ?? installed, 'src/cli/attune.mjs');
  const env = on.cache === undefined ? {} : { ATTUNE_CACHE: on.cache };
  const { stdout, stderr } = ran(on.node ?? process.execPath, [script, ...words], elsewhere, env);
  assert.not.match(stderr, /\(node:\d+\)/);
  return stdout;
}

function npm(
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  by: { node?: string; npm?: string } = {},
): string {
  // npm runs this test, or its program lies beside Node.
  const program = by.npm ?? process.env.npm_execpath;
  return program === undefined
    ? run('npm', words, cwd, env)
    : run(by.node ?? process.execPath, [program, ...words], cwd, env);
}

/** Standard output of a command that must succeed. */
function run(...command: Parameters<typeof ran>): string {
  return ran(...command).stdout;
}

/** A command that must succeed. */
function ran(
  program: string,
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): SpawnSyncReturns<string> {
  const ended = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ATTUNE_CACHE: join(scratch, 'Zwischenspeicher'), ...env },
  });
  assert.is(ended.status, 0, `${words.join(' ')}\n${ended.stdout}\n${ended.stderr}${ended.error ?? ''}`);
  return ended;
}
