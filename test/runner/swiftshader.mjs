/**
 * `npm run test:swiftshader -- FILTERS`: the tests on a second implementation of Vulkan, SwiftShader, also where the
 * machine has an adapter. Its subgroups have 4 lanes, it has no float16, it rounds other quotients, and its e^x knows no
 * NaN: what WGSL leaves open, and one driver alone hides.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHROMIUM } from './chromium.mjs';
import { withSoftwareGpu } from './software-gpu.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'attune-swiftshader-'));
try {
  const env = withSoftwareGpu(root, process.env) ?? withThatOfChromium();
  const { status } = spawnSync(process.execPath, [join(root, 'test/run.mjs'), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env,
  });
  process.exitCode = status ?? 1;
} catch (error) {
  console.error(`test:swiftshader: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** For other machines than Linux x64: the driver of an installed Chromium, by the machine's own Vulkan loader. */
function withThatOfChromium() {
  const drivers = join(folder, 'driver.json');
  const ICD = { library_path: library(), api_version: '1.1.0' };
  writeFileSync(drivers, JSON.stringify({ file_format_version: '1.0.0', ICD }));
  return { ...process.env, VK_DRIVER_FILES: drivers, VK_ICD_FILENAMES: drivers };
}

/** Where Debian's lies, whose program is a script; else beside the browser. */
function library() {
  const folders = ['/usr/lib/chromium', existsSync(CHROMIUM) && dirname(realpathSync(CHROMIUM))];
  const files = folders.filter(Boolean).map((place) => join(place, 'libvk_swiftshader.so'));
  const found = files.find((file) => existsSync(file));
  if (found === undefined) throw new Error(`no ${files.join(', no ')}: run npm run setup:chromium`);
  return found;
}
