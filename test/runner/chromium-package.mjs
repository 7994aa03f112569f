/**
 * A development dependency with Chromium's files for Linux on x64: its software GPU, and a headless browser that needs
 * nothing of the machine. What the tests use of it lies in the build folder. Any user can use it: nothing is installed.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** An archive of tar consists of blocks of so many bytes: a header, then the file's own. */
const BLOCK = 512;

/**
 * Writes files of the package into a folder, unless it is there; it is whole or not there, also where two processes
 * write it at a time.
 *
 * @param root the repository
 * @param name of the folder within the build folder; the version of the package is added to it
 * @param choose what gives the files, as [path, bytes], from `unpack(name)`, which gives the bytes of `bin/NAME.br`
 * @returns the folder, or undefined where the package has nothing for this machine
 */
export function fromChromiumPackage(root, name, choose) {
  const source = join(root, 'node_modules/@sparticuz/chromium');
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(source)) return undefined;
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  const folder = join(root, 'build', `${name}-${version}`);
  if (existsSync(folder)) return folder;

  mkdirSync(dirname(folder), { recursive: true });
  const scratch = mkdtempSync(`${folder}-`);
  try {
    const unpack = (file) => brotliDecompressSync(readFileSync(join(source, 'bin', `${file}.br`)));
    for (const [path, bytes] of choose(unpack)) {
      mkdirSync(dirname(join(scratch, path)), { recursive: true });
      writeFileSync(join(scratch, path), bytes, { mode: 0o755 });
    }
    renameSync(scratch, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return folder;
}

/** The plain files of an archive of tar, as [path, bytes]. It ends with blocks of zeros. */
export function filesOfTar(archive) {
  const files = [];
  for (let at = 0; at < archive.length && archive[at] !== 0; ) {
    const field = (from, to) => archive.toString('latin1', at + from, at + to).replace(/\0.*/s, '');
    const size = Number.parseInt(field(124, 136), 8);
    const start = at + BLOCK;
    if (field(156, 157) === '0') files.push([field(0, 100), archive.subarray(start, start + size)]);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
