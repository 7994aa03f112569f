/** The environment of every test process: the user's own, without what would change the tests. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param root the repository; caches go to its build folder
 * @returns the environment for a test process
 */
export function testEnvironment(root) {
  const folder = (name) => {
    const path = join(root, 'build', name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const environment = {
    // A software adapter compiles a kernel for seconds; Mesa keeps the result if told where.
    MESA_SHADER_CACHE_DIR: folder('mesa-cache'),
    // Mesa warns where this is not set.
    XDG_RUNTIME_DIR: folder('runtime'),
    // Node 20.9 to 20.11.0 read files through io_uring, which starves the many waiters of a test; later ones do not.
    UV_USE_IO_URING: '0',
    ...process.env,
    // Never the user's downloaded weights and prepared images.
    ATTUNE_CACHE: folder('attune-cache'),
  };
  delete environment.ATTUNE_DEVICE;
  // The runner reads what tests print.
  delete environment.FORCE_COLOR;
  return environment;
}
