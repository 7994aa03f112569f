/**
 * `npm run setup:onnx`: ONNX's own cases of its operators from Debian or Ubuntu, files of 6 MB, for the slow tests that run
 * attune's operations on them.
 */
import { distribution, install, missingPackages, update } from './apt.mjs';

const PACKAGES = ['libonnx-testdata'];

try {
  const { id, name } = distribution() ?? {};
  if (id !== 'debian' && id !== 'ubuntu') {
    throw new Error(`${name ?? process.platform} has no such package: the cases run on Debian or Ubuntu`);
  }
  const missing = missingPackages(PACKAGES);
  if (missing.length > 0) {
    update();
    install(missing);
  }
  console.log("ONNX's cases lie in /usr/share/libonnx-testdata");
} catch (error) {
  console.error(`setup:onnx: ${error.message}`);
  process.exitCode = 1;
}
