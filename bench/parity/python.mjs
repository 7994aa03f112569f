/** Finding a Python that has PyTorch: the distribution's own is often not the first one in PATH. */
import { execFileSync } from 'node:child_process';

const CANDIDATES = ['python3', '/usr/bin/python3', 'python'];

/** The first Python that can import torch and torchvision. Throws with what to install when there is none. */
export function findPython() {
  for (const python of CANDIDATES) {
    try {
      execFileSync(python, ['-c', 'import torch, torchvision'], { stdio: 'ignore' });
      return python;
    } catch {
      // Not installed, or without PyTorch: the next one may do.
    }
  }
  throw new Error(
    `none of ${CANDIDATES.join(', ')} has torch and torchvision. On Debian or Ubuntu run "npm run setup:torch": ` +
      'it installs python3-torch, python3-torchvision, libopenblas0-pthread, python3-h5py and python3-skimage.',
  );
}
