/** A commit of this repository in a folder of its own, built. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** The full hash of a commit. Throws when there is none of this name. */
export function hashOf(root, commit) {
  return run('git', ['rev-parse', '--verify', '--quiet', `${commit}^{commit}`], root, () => {
    throw new Error(`there is no commit ${commit}`);
  }).trim();
}

/** Checks out and builds; what is there is used again. Its packages are those of `root` where the lock files are equal. */
export function checkOut(root, hash, folder) {
  const built = join(folder, 'dist/index.js');
  if (existsSync(built)) return;
  if (!existsSync(folder)) {
    run('git', ['clone', '--quiet', '--local', '--no-checkout', root, folder], root);
    run('git', ['checkout', '--quiet', '--detach', hash], folder);
  }
  const lockOf = (path) => readFileSync(join(path, 'package-lock.json'), 'utf8');
  const packages = join(folder, 'node_modules');
  if (lockOf(root) !== lockOf(folder)) npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
  else if (!existsSync(packages)) symlinkSync(join(root, 'node_modules'), packages, 'junction');
  npm(['run', 'build'], folder);
}

/** By npm's own file: Windows starts no command file without a shell. */
function npm(words, cwd) {
  const own = process.env.npm_execpath;
  return own === undefined ? run('npm', words, cwd) : run(process.execPath, [own, ...words], cwd);
}

function run(command, words, cwd, failed) {
  try {
    return execFileSync(command, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    failed?.();
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim().split('\n').at(-1);
    throw new Error(`${command} ${words.join(' ')} failed: ${said || error.message}`);
  }
}
