/**
 * A throw-away copy of what the tests run: built sources, compiled tests and shaders. Mutants live there and only
 * there; packages and test data are linked.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COPIED = [
  'package.json',
  'dist',
  'build/test',
  'shaders',
  'src/device/cpu/simd',
  'src/compile-simd.mjs',
];
const LINKED = ['node_modules', 'test'];

const SIMD_MODULES = 'dist/device/cpu/simd';

export class Tree {
  readonly path = mkdtempSync(join(tmpdir(), 'attune-mutants-'));
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
    for (const name of COPIED) cpSync(join(root, name), join(this.path, name), { recursive: true });
    for (const name of LINKED) symlinkSync(join(root, name), join(this.path, name), 'junction');
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.path, file), text);
  }

  /** Compiles the copy's SIMD kernels; false when they do not compile. */
  buildSimd(): boolean {
    const script = join(this.path, 'src/device/cpu/simd/build.mjs');
    return spawnSync(process.execPath, [script], { stdio: 'ignore' }).status === 0;
  }

  /** The SIMD kernels as they were. */
  restoreSimd(): void {
    cpSync(join(this.root, SIMD_MODULES), join(this.path, SIMD_MODULES), { recursive: true });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
