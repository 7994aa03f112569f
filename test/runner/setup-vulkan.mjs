/**
 * `npm run setup:vulkan`: a software Vulkan driver (Mesa's llvmpipe), so that WebGPU and the WGSL
 * tests run on a machine without a GPU. It changes nothing where Dawn finds an adapter already.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findAdapter } from './adapter.mjs';
import { distribution, install, update, writeSystemFile } from './apt.mjs';
import { testEnvironment } from './environment.mjs';

const PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];

/** Where Debian 12 gets a Mesa from that is new enough for Dawn. */
const BACKPORTS = 'bookworm-backports';
const BACKPORTS_FILE = '/etc/apt/sources.list.d/attune-backports.list';

const ADVICE = {
  darwin: 'macOS has Metal built in: update macOS, and run this on a session with a GPU.',
  win32:
    'Windows has Direct3D 12 and a software adapter (WARP) built in: update Windows and the graphics driver.',
  fedora: 'Run: sudo dnf install mesa-vulkan-drivers vulkan-loader',
  arch: 'Run: sudo pacman -S vulkan-swrast vulkan-icd-loader',
  alpine: 'Dawn needs glibc 2.34 or newer, which Alpine has not: use another distribution.',
};
const OTHER_ADVICE =
  'Install a Vulkan driver, for instance Mesa 24 or newer with its llvmpipe driver, and a Vulkan loader.';

const environment = testEnvironment(fileURLToPath(new URL('../..', import.meta.url)));

try {
  if (findAdapter(environment).name === undefined) installDriver();
  const { name, warnings } = findAdapter(environment);
  if (name === undefined) throw new Error(`Dawn still finds no adapter:\n${warnings}`);
  console.log(`WebGPU adapter: ${name}`);
} catch (error) {
  console.error(`setup:vulkan: ${error.message}`);
  process.exitCode = 1;
}

function installDriver() {
  const linux = distribution();
  const { id, version } = linux ?? {};
  if (id === 'debian' && version === 12) {
    addBackports();
    update();
    install(PACKAGES, ['-t', BACKPORTS]);
  } else if ((id === 'debian' && version >= 13) || (id === 'ubuntu' && version >= 24.04)) {
    update();
    install(PACKAGES);
  } else {
    const advice = ADVICE[id ?? process.platform] ?? OTHER_ADVICE;
    throw new Error(
      `no WebGPU adapter on ${linux?.name ?? process.platform}, and no recipe to install one. ${advice}`,
    );
  }
}

/** Adds the backports suite beside the machine's own Debian 12 source, with that source's address. */
function addBackports() {
  // The component keeps out other vendors' repositories, some of which are named after Debian's releases.
  const format = '$(CODENAME)/$(COMPONENT) $(REPO_URI)';
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const addresses = new Map(stdout.split('\n').map((line) => line.split(' ')));
  if (addresses.has(`${BACKPORTS}/main`)) return;
  const address = addresses.get('bookworm/main');
  if (address === undefined)
    throw new Error('apt has no source for bookworm main: add one to its sources.list');
  writeSystemFile(BACKPORTS_FILE, `deb ${address} ${BACKPORTS} main\n`);
}
