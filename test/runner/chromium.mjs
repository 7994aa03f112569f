/** Where the browser of the tests is. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { filesOfTar, fromChromiumPackage } from './chromium-package.mjs';

/** Its program: Debian's, or what the variable CHROMIUM names. */
export const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';

/** The browser of the package brings its fonts, and looks for others on the machine. */
const FONTS = `<?xml version="1.0"?>
<fontconfig><dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir></fontconfig>
`;

/** `Chromium 156.0.8078.108 ...`; undefined where it does not start. */
export function chromiumVersion() {
  const { status, stdout } = spawnSync(CHROMIUM, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * The browser that tests start: an installed one; where none is, on Linux x64, that of a development dependency.
 *
 * @param root the repository
 * @param installed the program of the former
 * @returns { program, environment }: the file, and the environment in which it runs
 */
export function chromium(root, installed = CHROMIUM) {
  const wanted = process.env.CHROMIUM || existsSync(installed);
  const folder = wanted ? undefined : fromChromiumPackage(root, 'chromium', files);
  if (folder === undefined) return { program: installed, environment: process.env };
  const fonts = join(folder, 'fonts.conf');
  const environment = { ...process.env, LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: fonts };
  return { program: join(folder, 'chromium'), environment };
}

function files(unpack) {
  const fonts = filesOfTar(unpack('fonts.tar')).filter(([path]) => path.startsWith('fonts/'));
  return [
    ['chromium', unpack('chromium')],
    ...filesOfTar(unpack('al2023.tar')),
    ...fonts,
    ['fonts.conf', FONTS],
  ];
}
