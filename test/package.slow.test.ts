/**
 * The package as a stranger gets it: packed, installed with NODE_ENV=production and without install scripts into a
 * folder whose name has an umlaut and spaces, and used from another working folder. Installing needs the network,
 * or npm's cache.
 */
import { spawnSync } from 'node:child_process';
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
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { picture, writeFiles, writeWeights } from './finetune/support.js';

/** Bytes that the packed package may have, a third of them sources and maps to them; and any file of it. */
const SIZE_LIMIT = 2_000_000;
const FILE_LIMIT = 60_000;

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

/** Lists what is packed, as npm tells it. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}
let packed: Packed;

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
    packed.files.filter(({ size }) => size > FILE_LIMIT),
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
  ]) {
    assert.ok(paths.includes(needed), needed);
  }
});

test('it installs for production without running a script', () => {
  const flags = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  npm(['install', ...flags, join(scratch, packed.filename)], folder, { NODE_ENV: 'production' });
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

test.run();

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

/** The installed program, in the other folder. */
function attune(words: readonly string[]): string {
  // Not the link in .bin, which on Windows is a script for its shell.
  return run(process.execPath, [join(installed, 'src/cli/attune.mjs'), ...words], elsewhere);
}

function npm(words: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): string {
  // npm runs this test, or its program lies beside Node.
  const program = process.env.npm_execpath;
  return program === undefined
    ? run('npm', words, cwd, env)
    : run(process.execPath, [program, ...words], cwd, env);
}

/** Standard output of a command that must succeed. */
function run(
  program: string,
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): string {
  const ran = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ATTUNE_CACHE: join(scratch, 'Zwischenspeicher'), ...env },
  });
  assert.is(ran.status, 0, `${words.join(' ')}\n${ran.stdout}\n${ran.stderr}${ran.error ?? ''}`);
  return ran.stdout;
}
