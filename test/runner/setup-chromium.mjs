/**
 * `npm run setup:chromium`: Chromium from Debian, for the slow test that opens reports in a real browser. It changes
 * nothing where one is installed already.
 */
import { distribution, install, missingPackages, update } from './apt.mjs';
import { CHROMIUM, chromiumVersion } from './chromium.mjs';

/** The fonts are Debian's usual ones for text: a page in boxes shows nothing. */
const PACKAGES = ['chromium', 'fonts-dejavu-core', 'fonts-liberation'];

try {
  if (chromiumVersion() === undefined) {
    const { id, name } = distribution() ?? {};
    // Ubuntu's package of this name is a snap, which neither root nor a container can run.
    if (id !== 'debian') {
      throw new Error(
        `no Chromium at ${CHROMIUM} on ${name ?? process.platform}, and no recipe to install one: install one, and name its program in CHROMIUM`,
      );
    }
    update();
    install(missingPackages(PACKAGES));
  }
  const version = chromiumVersion();
  if (version === undefined) throw new Error(`${CHROMIUM} does not start`);
  console.log(version);
} catch (error) {
  console.error(`setup:chromium: ${error.message}`);
  process.exitCode = 1;
}
