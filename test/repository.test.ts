/**
 * What is committed: nothing generated, nothing large, nothing that ties the project to one machine or one
 * registry; and a lock file with which `npm ci` works on every platform.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Bytes that a committed file may have. */
const SIZE_LIMIT = 300_000;

/** Files that may be larger, each with its own limit. */
const LARGE_FILES: Readonly<Record<string, number>> = {
  // The demo's pretrained network.
  'weights/demo/garments.safetensors': 3_000_000,
};

/** Folders that a command makes; none of their files is committed. */
const GENERATED = /(?:^|\/)(?:node_modules|dist|build|__pycache__)\/|^(?!src\/|test\/)(?:.*\/)?runs\//;

/** What only one machine has: somebody's folders. Ada is nobody: the tests of paths use her name. */
const MACHINE_PATHS = [
  /\/(?:home|Users)\/(?!ada\b)[\w.-]+/,
  /(?<![\w.])\/(?:root|work|mnt)\/[\w.-]/,
  /[A-Z]:\\Users\b(?!\\ada\b)/i,
];

/** A host that serves packages: which one is used is the user's own setting. */
const REGISTRY_HOST =
  /\b(?:registry|mirrors?|deb|archive|security|ports|snapshot|files|pypi)\.[\w-]*(?:npm|yarn|debian|ubuntu|python|pypi)[\w.-]*\.\w+/i;

/** Platforms for which the lock file lists each native package. */
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64'];

/** The image decoder also has binaries for musl, and on all but Windows a library of its own beside them. */
const SHARP_BINARIES = [
  ...[...PLATFORMS, 'linuxmusl-x64'].map((platform) => `@img/sharp-${platform}`),
  ...[...PLATFORMS, 'linuxmusl-x64']
    .filter((platform) => !platform.startsWith('win32'))
    .map((platform) => `@img/sharp-libvips-${platform}`),
];

/** Names of packages with native binaries, before the platform; of these only attune's own build has need. */
const BUILD_FAMILIES = ['@biomejs/cli', '@typescript/typescript'];

/** Packages with an install script, and why nobody needs to run it. */
const UNNEEDED_INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  webgpu: 'it makes the macOS binary readable again after an unusual unpacking',
};

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const manifest = JSON.parse(read('package.json'));
const lock: Readonly<Record<string, LockedPackage>> = JSON.parse(read('package-lock.json')).packages;
const files = committedFiles();

test('nothing generated is committed', () => {
  const generated = files.filter((file) => GENERATED.test(file));
  assert.equal(generated, []);
});

test('nothing large is committed', () => {
  const large = files.filter((file) => statSync(join(root, file)).size > (LARGE_FILES[file] ?? SIZE_LIMIT));
  assert.equal(large, []);
});

test('no text names a path of one machine or a registry', () => {
  const found: string[] = [];
  for (const file of files) {
    const text = read(file);
    if (text.includes('\0')) continue;
    for (const pattern of [...MACHINE_PATHS, REGISTRY_HOST]) {
      const match = pattern.exec(text);
      if (match !== null) found.push(`${file}: ${match[0]}`);
    }
  }
  assert.equal(found, []);
});

test('the patterns find what they are for', () => {
  // Put together here, or this file would find itself.
  const slash = '/';
  for (const path of [`${slash}home/me/x`, `${slash}Users/me`, `"${slash}root/x"`, `C:${'\\'}Users`]) {
    assert.ok(namesMachine(path), path);
  }
  assert.not.ok(namesMachine('/usr/bin/python3, at the root/of it'));
  for (const host of ['registry npmjs org', 'deb debian org', 'archive ubuntu com']) {
    assert.match(`https://${host.replaceAll(' ', '.')}/x`, REGISTRY_HOST);
  }
});

test('the lock file names no server', () => {
  const resolved = Object.entries(lock).filter(([, { resolved }]) => resolved !== undefined);
  assert.equal(resolved, []);
});

test('the lock file lists the native packages of every platform', () => {
  const tools = BUILD_FAMILIES.flatMap((family) => PLATFORMS.map((platform) => `${family}-${platform}`));
  const missing = [...SHARP_BINARIES, ...tools].filter((name) => lock[`node_modules/${name}`] === undefined);
  assert.equal(missing, []);
});

test('the package webgpu has a binary for every platform', () => {
  // Of macOS one file for both kinds of processor.
  const wanted = PLATFORMS.map((platform) => platform.replace(/^darwin-.*/, 'darwin-universal'));
  const folder = join(root, 'node_modules/webgpu/dist');
  const missing = wanted.filter((name) => !existsSync(join(folder, name, 'dawn.node')));
  assert.equal(missing, []);
});

test('every committed file can be checked out on Windows and macOS', () => {
  const links = files.filter((file) => lstatSync(join(root, file)).isSymbolicLink());
  const refused = files.filter((file) =>
    /[<>:"|?*\\]|[. ](?:\/|$)|(?:^|\/)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\/|$)/i.test(file),
  );
  const names = files.map((file) => file.normalize('NFC').toLowerCase());
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  assert.equal([...links, ...refused, ...twice], []);
});

test('the lock file knows the bytes of every package', () => {
  const unknown = Object.entries(lock)
    .filter(([path, { integrity }]) => path !== '' && integrity === undefined)
    .map(([path]) => path);
  assert.equal(unknown, []);
});

test('no dependency needs its install script', () => {
  const withScript = Object.entries(lock)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  assert.equal(withScript, Object.keys(UNNEEDED_INSTALL_SCRIPTS));
  for (const name of withScript) assert.is(manifest.allowScripts[name], false, name);
});

test('scripts start the compiler by its file, for its command does not run on the oldest Node', () => {
  // Node 20.9 refuses a program without extension in a package of modules, which typescript's `tsc` is.
  const byName = Object.entries<string>(manifest.scripts).filter(([, script]) =>
    /(?:^|&& )tsc\b/.test(script),
  );
  assert.equal(byName, []);
});

test('nothing loads the ES modules of sharp, which do not run on the oldest Node', () => {
  const importing = files.filter(
    (file) => /\.m?[jt]s$/.test(file) && /^import (?!type).*from 'sharp'/m.test(read(file)),
  );
  assert.equal(importing, []);
});

test('what the package promises to contain exists', () => {
  const included = manifest.files.filter((path: string) => !path.startsWith('!'));
  const missing = [...included, manifest.bin.attune].filter((path: string) => !existsSync(join(root, path)));
  assert.equal(missing, []);
});

test('an npm setting installs the development dependencies and keeps servers out of the lock file', () => {
  const settings = read('.npmrc').split('\n');
  assert.ok(settings.includes('include=dev'));
  assert.ok(settings.includes('omit-lockfile-registry-resolved=true'));
});

test('the package with the software GPU is pinned, and the oldest Node may install it', () => {
  const name = '@sparticuz/chromium';
  assert.match(manifest.devDependencies[name], /^\d+\.\d+\.\d+$/);
  assert.is(lock[`node_modules/${name}`]?.version, manifest.devDependencies[name]);
  // It asks for a newer Node, as the only one: npm warns, and refuses where a user has made it strict.
  assert.ok(read('.npmrc').split('\n').includes('engine-strict=false'));
});
test.run();

function namesMachine(text: string): boolean {
  return MACHINE_PATHS.some((pattern) => pattern.test(text));
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** What git tracks; where there is no git, or a copy without its folder, every file that no command made. */
function committedFiles(): string[] {
  const git = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  if (git.status === 0 && existsSync(join(root, '.git'))) {
    // A file may be deleted and not committed as such yet.
    return git.stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
  }
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((file) => !GENERATED.test(file) && !file.startsWith('.git/'))
    .filter((file) => statSync(join(root, file)).isFile());
}
