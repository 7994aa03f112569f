/**
 * A process that makes runs, and what follows them, with one build: two builds in one would share state. It takes a line of
 * JSON, { name, folder }, and answers it with another, { failed }: null, or a sentence.
 *
 *     node side.mjs JOB      JOB: { checkout, shared, cache, adapter } as JSON
 *
 * Whatever is to be compared of the recipe `name` is written below `folder`: run/ and its result, and a document and files
 * for each command.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { COMMON, RECIPES } from './recipes.mjs';

/** Commands that take the flags of a device. */
const ON_DEVICE = [
  'advise',
  'augment',
  'compare',
  'evaluate',
  'explain',
  'finetune',
  'lr-find',
  'predict',
  'report',
];

const { checkout, shared, cache, adapter } = JSON.parse(process.argv[2]);
process.env.ATTUNE_CACHE = cache;
const attune = await import(pathToFileURL(join(checkout, 'dist/index.js')).href);

for await (const line of createInterface({ input: process.stdin })) {
  const { name, folder } = JSON.parse(line);
  const failed = await work(
    RECIPES.find((recipe) => recipe.name === name),
    folder,
  ).then(
    () => null,
    (error) => `${error.message}`.split('\n')[0],
  );
  process.stdout.write(`${JSON.stringify({ failed })}\n`);
}

async function work(recipe, folder) {
  mkdirSync(folder, { recursive: true });
  const paths = {
    RUN: join(folder, 'run'),
    DATA: join(shared, 'data', recipe.data ?? 'parts'),
    IMAGES: join(shared, 'data/parts/test/bee'),
    WEIGHTS: join(shared, 'weights.safetensors'),
  };
  if (recipe.options !== undefined) await train(recipe, folder, paths);
  const lines = [...(recipe.after ?? []), ...(recipe.commands ?? [])];
  for (const [i, line] of lines.entries()) command(line, i, recipe, folder, paths);
}

async function train(recipe, folder, paths) {
  const write = (name, value) => writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  const given = { ...COMMON, ...recipe.options, data: paths.DATA, out: paths.RUN };
  if (given.weights === 'WEIGHTS') given.weights = paths.WEIGHTS;
  if (given.device === 'webgpu') given.adapter = adapter;
  for (const [name, value] of Object.entries(given)) if (value === undefined) delete given[name];
  if (given.folds !== undefined && given.fold === undefined) {
    write('result.json', await attune.crossValidate(given));
    return;
  }
  const { stop } = recipe;
  if (stop === undefined) {
    write('result.json', await attune.finetune(given));
    return;
  }
  const controller = new AbortController();
  let batches = 0;
  const result = await attune.finetune(given, {
    signal: controller.signal,
    onEvent({ type, task }) {
      if (type === 'progress' && task.startsWith('epoch') && ++batches === stop) controller.abort();
    },
  });
  if (!result.interrupted) throw new Error(`the run was not interrupted after ${stop} batches`);
  write('interrupted.json', result);
  copyFileSync(join(paths.RUN, 'state.safetensors'), join(folder, 'interrupted.safetensors'));
  write('result.json', await attune.resume({ resume: paths.RUN, ...recipe.resume }));
}

/** One command by the command line; its document, and what it writes, are named by its number and its first words. */
function command(line, number, recipe, folder, known) {
  const [verb, ...words] = line.split(' ');
  const name = `${String(number).padStart(2, '0')}-${verb}`;
  const paths = { ...known, OUT: join(folder, name) };
  const said = words.map((word) =>
    word.startsWith('-')
      ? word
      : word.replace(/^(RUN|DATA|IMAGES|WEIGHTS|OUT)(?=$|[./])/, (part) => paths[part]),
  );
  const isGpu = recipe.options?.device === 'webgpu';
  const device = isGpu ? ['--device', 'webgpu', '--adapter', adapter] : ['--device', 'cpu', '--threads', '1'];
  const flags = ON_DEVICE.includes(verb) ? [...device, '--workers', '1'] : [];
  const program = join(checkout, 'src/cli/attune.mjs');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, verb, ...said, ...flags, '--json'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (status !== 0) throw new Error(`${line}: ${stdout.trim() || stderr.trim().split('\n').at(-1)}`);
  writeFileSync(join(folder, `${name}.document.json`), stdout);
}
