/**
 * `npm run setup:torch`: PyTorch, h5py and real pictures from Debian or Ubuntu, for the slow tests and the
 * benchmarks that compare attune with PyTorch. They use the system's own `/usr/bin/python3`.
 */
import { spawnSync } from 'node:child_process';
import { distribution, install, missingPackages, update } from './apt.mjs';

const PACKAGES = [
  'python3-torch',
  'python3-torchvision',
  // Without it PyTorch multiplies matrices 14 times slower.
  'libopenblas0-pthread',
  // For files of Keras.
  'python3-h5py',
  // Both bring photographs and drawings to compare predictions on.
  'python3-skimage',
  'tuxpaint-data',
];

const CHECK =
  'import torch, torchvision; print(f"torch {torch.__version__}, torchvision {torchvision.__version__}")';

try {
  const { id, name } = distribution() ?? {};
  if (id !== 'debian' && id !== 'ubuntu') {
    throw new Error(
      `${name ?? process.platform} has no such packages: the comparisons run on Debian or Ubuntu`,
    );
  }
  const missing = missingPackages(PACKAGES);
  if (missing.length > 0) {
    update();
    install(missing);
  }
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', CHECK], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`/usr/bin/python3 cannot import PyTorch:\n${stderr}`);
  console.log(stdout.trim());
} catch (error) {
  console.error(`setup:torch: ${error.message}`);
  process.exitCode = 1;
}
