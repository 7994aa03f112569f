/**
 * A throw-away copy of what the tests run: built sources, compiled tests, their data and shaders. Mutants live there
 * and only there, and what is edited and built meanwhile changes nothing; packages are linked.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const COPIED = [
  'package.json',
  'dist',
  'build/test',
  'build/node_modules',
  'test',
  'shaders',
  'src/device/cpu/simd',
  'src/compile-simd.mjs',
  // Read by the SIMD kernels, and compared with them by their build.
  'src/ops/pointwise/pointwise-codes.ts',
  'src/device/simd-functions.ts',
];

const SIMD_MODULES = 'dist/device/cpu/simd';

export class Tree {
  readonly path = mkdtempSync(join(tmpdir(), 'attune-mutants-'));
  /** The environment of the tests: without the shaders that earlier runs compiled, with those of trees beside it. */
  readonly environment: NodeJS.ProcessEnv;
  private readonly root: string;

  constructor(root: string, environment: NodeJS.ProcessEnv, beside?: Tree) {
    this.root = root;
    const cache = join((beside ?? this).path, 'mesa-cache');
    this.environment = { ...environment, MESA_SHADER_CACHE_DIR: cache };
    for (const name of COPIED) cpSync(join(root, name), join(this.path, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.path, 'node_modules'), 'junction');
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.path, file), text);
  }

  /** Compiles the copy's SIMD kernels; false when they do not compile. */
  async buildSimd(): Promise<boolean> {
    const script = join(this.path, 'src/device/cpu/simd/build.mjs');
    const [status] = await once(spawn(process.execPath, [script], { stdio: 'ignore' }), 'close');
    return status === 0;
  }

  /** The SIMD kernels as they were. */
  restoreSimd(): void {
    cpSync(join(this.root, SIMD_MODULES), join(this.path, SIMD_MODULES), { recursive: true });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
