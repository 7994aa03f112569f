/** Where the browser of the tests is. */
import { spawnSync } from 'node:child_process';

/** Its program: Debian's, or what the variable CHROMIUM names. */
export const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';

/** `Chromium 156.0.8078.108 ...`; undefined where it does not start. */
export function chromiumVersion() {
  const { status, stdout } = spawnSync(CHROMIUM, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
