/**
 * The programs of the documentation, run as they stand, in a folder with `photos/` in it (those of shaders/ at the
 * root). What they would download or take long for is replaced, and every replacement must have something to replace:
 * - weights from the catalogue by a file of made-up ones;
 * - in the pages for users, ResNet50 by the small ResNet, 224 pixels by 32, 25 epochs by one.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { newFolder, pictures, scratch, writeFiles, writeWeights } from '../finetune/support.js';
import { blocksOf, promisedOutput } from './markdown.js';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
export const README = 'README.md';
export const TRAINING = 'src/finetune/README.md';
export const TOUR = 'src/README.md';
export const SHADERS = 'shaders/README.md';

/** The documents with programs. */
export const PROGRAMMED = [README, TRAINING, TOUR, SHADERS];

/** The program that takes a ResNet50: several seconds, and 100 MB of weights. */
export const HEAVY = { document: TOUR, index: 4 } as const;

/** From a document to the network whose made-up weights its programs take, and its classes. */
const WEIGHTS = {
  [README]: { network: 'resnet-small', classes: 10 },
  [TRAINING]: { network: 'resnet-small', classes: 10 },
  [TOUR]: { network: 'resnet50', classes: 1000 },
} as const;
const weightsFile = (document: keyof typeof WEIGHTS) => `${WEIGHTS[document].network}.safetensors`;

export const REPLACEMENTS: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {
  [README]: [
    ["strategy: 'probe' }", `strategy: 'probe', weights: '${weightsFile(README)}', imageSize: 32 }`],
  ],
  [TRAINING]: [
    ["resolveWeights('resnet50')", `resolveWeights('${weightsFile(TRAINING)}')`],
    ['at.resnet50()', 'at.resnetSmall()'],
    ['side = 224', 'side = 32'],
    ['epochs = 25', 'epochs = 1'],
  ],
  [TOUR]: [["resolveWeights('resnet50')", `resolveWeights('${weightsFile(TOUR)}')`]],
};

/** Where programs are compiled: inside the package, so that they may import it by its name. */
const programs = join(root, 'build', 'docs');

/** Where they run. */
const folder = newFolder();
writeFiles(join(folder, 'photos'), pictures(['cat', 'dog'], 10));
writeFiles(join(folder, 'photos/cat'), { '1.jpg': pictures(['cat'], 1, 50)['cat/cat-50.png'] });

/** Writes the made-up weights that the programs of a document load. */
export async function writeWeightsFor(document: keyof typeof WEIGHTS): Promise<void> {
  const { network, classes } = WEIGHTS[document];
  await writeWeights(join(folder, weightsFile(document)), 6, classes, network);
}

export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

export function rawProgramsOf(document: string): string[] {
  return blocksOf(read(document))
    .filter(({ language }) => language === 'ts')
    .map(({ text }) => text);
}

export function programsOf(document: string): string[] {
  return rawProgramsOf(document).map((text) =>
    (REPLACEMENTS[document] ?? []).reduce((program, [from, to]) => program.replace(from, to), text),
  );
}

/** Type-checks and compiles all programs at once. */
export function compilePrograms(): void {
  rmSync(programs, { recursive: true, force: true });
  mkdirSync(programs, { recursive: true });
  for (const document of PROGRAMMED) {
    programsOf(document).forEach((program, i) => {
      writeFileSync(join(programs, `${programName(document, i)}.ts`), program);
    });
  }
  const config = {
    extends: '../../tsconfig.json',
    compilerOptions: { rootDir: '.', outDir: 'out', declaration: false, sourceMap: false },
    include: ['*.ts'],
    exclude: [],
  };
  writeFileSync(join(programs, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/lib/tsc.js');
  const compiled = spawnSync(process.execPath, [tsc, '-p', programs], { encoding: 'utf8' });
  assert.is(compiled.status, 0, compiled.stdout);
}

/** Runs a compiled program and compares what it prints with what it says. */
export function runProgram(document: string, index: number): void {
  const file = join(programs, 'out', `${programName(document, index)}.js`);
  const env = { ...process.env, ATTUNE_CACHE: join(scratch, 'cache') };
  const cwd = document === SHADERS ? root : folder;
  const ran = spawnSync(process.execPath, [file], { cwd, env, encoding: 'utf8' });
  assert.is(ran.status, 0, ran.stderr);
  const printed = ran.stdout.trimEnd().split('\n');
  promisedOutput(programsOf(document)[index]!).forEach((line, at) => {
    if (line !== null) assert.is(printed[at], line);
  });
}

function programName(document: string, index: number): string {
  return `${dirname(document) === '.' ? 'root' : dirname(document).replaceAll('/', '-')}-${index + 1}`;
}
