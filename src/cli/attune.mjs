#!/usr/bin/env node
/**
 * What `attune` starts: plain JavaScript and committed, so that it can explain itself when Node is too old or nothing has
 * been built yet. All it does otherwise is start the program.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = [20, 9];

const [major, minor] = process.versions.node.split('.').map(Number);
const program = new URL('../../dist/cli/main.js', import.meta.url);

if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  refuse(
    `Node ${process.versions.node} is too old (${process.execPath}): install Node ${OLDEST_NODE.join('.')} or newer`,
  );
} else if (!existsSync(program)) {
  const folder = fileURLToPath(new URL('../..', import.meta.url));
  refuse(`the program is not built (${folder}): run "npm run build" there`);
} else {
  await import(program.href);
}

/** Prints the one line of a failure, in the form of every other error of attune. */
function refuse(sentence) {
  console.error(`attune: ${sentence}`);
  process.exitCode = 1;
}
