/** What the set-up scripts need of Debian and Ubuntu: their names, and apt with the right to install. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Apt repeats a failed download this often. */
const DOWNLOAD_RETRIES = 'Acquire::Retries=5';

/**
 * Which Linux this is.
 *
 * @returns { id, version, codename, name } from os-release, or undefined elsewhere
 */
export function distribution() {
  if (process.platform !== 'linux') return undefined;
  const fields = {};
  for (const line of readFileSync('/etc/os-release', 'utf8').split('\n')) {
    const [, key, value] = /^(\w+)="?(.*?)"?$/.exec(line) ?? [];
    if (key !== undefined) fields[key] = value;
  }
  const { ID: id, VERSION_ID: version, VERSION_CODENAME: codename, PRETTY_NAME: name } = fields;
  return { id, version: Number(version), codename, name };
}

/** Installs packages; they may be installed already. Throws an Error with what to do if that fails. */
export function install(packages, options = []) {
  privileged('apt-get', [
    '-o',
    DOWNLOAD_RETRIES,
    'install',
    '-y',
    '--no-install-recommends',
    ...options,
    ...packages,
  ]);
}

/** Reads the lists of packages anew. */
export function update() {
  privileged('apt-get', ['-o', DOWNLOAD_RETRIES, 'update']);
}

/** Writes a file that belongs to root. */
export function writeSystemFile(path, text) {
  privileged('tee', [path], text);
}

/** The packages among `names` that are not installed. */
export function missingPackages(names) {
  return names.filter((name) => {
    const { status, stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
    return status !== 0 || stdout !== 'install ok installed';
  });
}

/** Runs a command as root: directly or through sudo. */
function privileged(command, parameters, input) {
  const sudo = process.getuid() === 0 ? [] : ['sudo'];
  const environment = 'DEBIAN_FRONTEND=noninteractive';
  const [program, ...rest] = [...sudo, 'env', environment, command, ...parameters];
  console.log([command, ...parameters].join(' '));
  const { error, status } = spawnSync(program, rest, {
    stdio: [input === undefined ? 'inherit' : 'pipe', 'inherit', 'inherit'],
    input,
  });
  if (error?.code === 'ENOENT') throw new Error(`${program} is not installed: run this as root`);
  if (status !== 0)
    throw new Error(`${command} failed: see above; the rights of root are needed, and the network`);
}
