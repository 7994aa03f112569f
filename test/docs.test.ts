/**
 * The documentation keeps its word: programs in it run and print what they say, commands and flags exist, links
 * lead somewhere, and tables agree with the code. The tour's fifth program is in docs.slow.test.ts.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as library from '#src/index';
import { resolveRecipe } from '#src/recipe/recipe';
import { TASK_KINDS } from '#src/tasks/index';
import { kernels } from '#src/ops/kernels';
import { unaryKernels } from '#src/ops/pointwise/unary-tables';
import { catalogue } from '#src/weights/index';
import { attuneHere } from './cli/support.js';
import {
  blocksOf,
  commandsOf,
  headingsOf,
  linksOf,
  relativeLinksOf,
  sectionOf,
  tableOf,
} from './docs/markdown.js';
import { assertSameSet } from './same-set.js';
import {
  compilePrograms,
  HEAVY,
  PROGRAMMED,
  programsOf,
  rawProgramsOf,
  read,
  README,
  REPLACEMENTS,
  root,
  runProgram,
  SHADERS,
  TOUR,
  TRAINING,
  writeWeightsFor,
} from './docs/programs.js';

const manifest = JSON.parse(read('package.json'));
const ARTICLE = 'src/ARTICLE.md';
const WEIGHTS_PAGE = 'weights/README.md';
const DEVICES = 'src/device/README.md';
const TESTS = 'test/README.md';
const NUMBERS = 'bench/README.md';

/** The pages that are there in Chinese as well; of the benchmarks that is what was measured. */
const PAGES = [README, TRAINING, WEIGHTS_PAGE, DEVICES, TESTS, NUMBERS];
const twinOf = (page: string) => page.replace(/\.md$/, '.zh-CN.md');
const CHINESE = twinOf(README);
const NUMBERS_SECTION = '## Accuracy and speed';

/** Lines that a reader of the README has before him, at most. */
const README_LINES = 250;

/** Subsections of each second-level section of the article; its numbered headings are these and their own. */
const SECTIONS: Readonly<Record<number, readonly number[]>> = {
  1: [0, 0, 0],
  2: [3, 3, 3],
  3: [6, 3, 3],
  4: [2, 2],
  5: [5, 6],
  6: [3, 3, 3],
  7: [3, 3, 3],
  8: [0, 0, 0, 0, 0],
  9: [0, 0, 0, 0, 0],
};

// Before the tests that run them.
test('all programs compile, as strictly as the project itself', compilePrograms);

test.before(() => writeWeightsFor(README));

for (const document of PROGRAMMED) {
  programsOf(document).forEach((_, i) => {
    if (document === HEAVY.document && i === HEAVY.index) return;
    test(`program ${i + 1} of ${document} runs and prints what it says`, () => runProgram(document, i));
  });
}

test('every replacement replaces something', () => {
  for (const [document, replacements] of Object.entries(REPLACEMENTS)) {
    const text = rawProgramsOf(document).join('\n');
    for (const [from] of replacements) assert.ok(text.includes(from), from);
  }
});

for (const document of [...PAGES, ...PAGES.map(twinOf), TOUR, SHADERS, ARTICLE]) {
  test(`commands in ${document} exist, with their flags`, async () => {
    for (const command of commandsOf(read(document))) await assertExists(command);
  });
}

test('every command of attune stands in the README', async () => {
  const { stdout } = await attuneHere(['--help']);
  const names = Array.from(stdout.matchAll(/^ {2}([a-z][a-z-]*) .*\.$/gm), ([, name]) => name);
  const shown = tableOf(read(README), 'command').map(([name]) => name.replaceAll('`', ''));
  assert.equal(
    shown,
    names.filter((name) => name !== 'help'),
  );
});

for (const page of PAGES) {
  test(`the Chinese of ${page} has its structure, commands, programs, links and numbers`, () => {
    const whole = read(page);
    const english = page === NUMBERS ? sectionOf(whole, NUMBERS_SECTION) : whole;
    const chinese = page === NUMBERS ? sectionOf(read(twinOf(page)), '## 精度与速度') : read(twinOf(page));
    const levels = (markdown: string) => headingsOf(markdown).map(({ level }) => level);
    assert.equal(levels(chinese), levels(english));
    assert.equal(commandsOf(chinese).sort(), commandsOf(english).sort());
    const verbatim = (markdown: string) => blocksOf(markdown).filter(({ language }) => language !== 'sh');
    assert.equal(verbatim(chinese), verbatim(english));
    const linked = (markdown: string) =>
      [...new Set(relativeLinksOf(markdown).map((target) => target.replace('.zh-CN', '')))].sort();
    assert.equal(linked(chinese), linked(english));
    assert.equal(figuresOf(chinese), figuresOf(english));
    assert.ok(relativeLinksOf(whole).includes('README.zh-CN.md'));
    assert.ok(relativeLinksOf(read(twinOf(page))).includes('README.md'));
  });
}

test('the README is short, and leads to every other page', () => {
  for (const document of [README, CHINESE]) {
    assert.ok(read(document).trimEnd().split('\n').length <= README_LINES, document);
    const linked = relativeLinksOf(read(document)).map((target) => target.replace('.zh-CN', ''));
    assert.equal(
      [...PAGES, TOUR, SHADERS, ARTICLE].filter((page) => page !== README && !linked.includes(page)),
      [],
    );
  }
});

test('pages that the README leads to are in the package, but for those of tests and benchmarks', () => {
  const linked = relativeLinksOf(read(README)).filter((target) => !/^(?:bench|test)\//.test(target));
  const packed = (target: string) =>
    manifest.files.some((path: string) => target === path || target.startsWith(`${path}/`));
  assert.equal(
    linked.filter((target) => !packed(target)),
    [],
  );
});

test('the map of the article has a row for each of its sections, in order', () => {
  const expected = Object.entries(SECTIONS).flatMap(([chapter, sections]) =>
    sections.flatMap((count, i) => {
      const section = `${chapter}.${i + 1}`;
      return [section, ...Array.from({ length: count }, (_, j) => `${section}.${j + 1}`)];
    }),
  );
  const rows = read(ARTICLE).matchAll(/^\| (\d[\d.]*) \| (.+) \|$/gm);
  const found = Array.from(rows, ([, section, cells]) => ({ section, cells: cells.split(' | ') }));
  assert.equal(
    found.map(({ section }) => section),
    expected,
  );
  // What is here has its code and its test; what is not says so.
  const silent = found.filter(
    ({ cells: [, what, code = ''] }) => !/\]\(|^no |not here yet|only\b/.test(`${what} ${code}`),
  );
  assert.equal(silent, []);
});

test('the recipe of a row operation says what more a kernel may have, when, and what its tests allow', () => {
  const [, section = ''] = read(TOUR).split('\n## Add a row operation, with SIMD and a module\n');
  const [recipe = ''] = section.split('\n## ');
  for (const item of ['SIMD', '`half: true`', 'Recomputation', 'A workgroup per row', '`terms`', '1e-13'])
    assert.ok(recipe.includes(`\n- **${item}**`), item);
  assert.match(recipe, /make-golden\.py --only /);
});

test('what is here is not said to be missing, and what a run writes by default is told', () => {
  const here = { '7.1.3': 'models/naming.ts', '7.2.3': 'weights/hub.ts', '7.3.2': 'training/tensorboard/' };
  for (const [section, code] of Object.entries(here)) {
    const row = read(ARTICLE)
      .split('\n')
      .find((line) => line.startsWith(`| ${section} |`));
    assert.ok(row?.includes(`](${code}`), `${section}: ${row}`);
    assert.not.match(row ?? '', /\| not here yet/);
  }
  for (const document of [README, TRAINING].flatMap((page) => [page, twinOf(page)])) {
    assert.match(read(document), /tensorboard --logdir runs/, document);
    assert.match(read(document), /--no-tensorboard/, document);
  }
});

test('names in the map of the article are exported', () => {
  const names = Array.from(read(ARTICLE).matchAll(/`([a-z]\w*)`/gi), ([, name]) => name);
  const values = new Set(['cosine', 'sgd', 'adam', 'adamw', 'corrected', 'hat']);
  const missing = names.filter((name) => !values.has(name) && !(name in library));
  assert.ok(names.length > 20);
  assert.equal(missing, []);
});

test('relative links lead to files and folders', () => {
  const dead = documents().flatMap((document) =>
    relativeLinksOf(read(document))
      .filter((target) => !existsSync(join(root, dirname(document), target)))
      .map((target) => `${document}: ${target}`),
  );
  assert.equal(dead, []);
});

test('links to a section lead to a heading', () => {
  const lost = documents().flatMap((document) =>
    linksOf(read(document)).flatMap(({ target, anchor }) => {
      const page = target === '' ? document : join(dirname(document), target);
      if (anchor === null || !page.endsWith('.md')) return [];
      const anchors = headingsOf(read(page)).map((heading) => heading.anchor);
      return anchors.includes(decodeURIComponent(anchor)) ? [] : [`${document}: ${target}#${anchor}`];
    }),
  );
  assert.equal(lost, []);
});

test('the README says what each dependency is for', () => {
  const rows = tableOf(read(README), 'package').map(([name]) => name.replaceAll('`', ''));
  assert.equal(rows, Object.keys(manifest.dependencies).sort());
});

test('the variables that the README explains are read, and the prefix of the program is on no other', () => {
  const rows = tableOf(read(README), 'variable').flatMap(([names]) => names.replaceAll('`', '').split(', '));
  const code = sourceFiles().map(read).join('\n');
  assert.equal(
    rows.filter((name) => !code.includes(name)),
    [],
  );
  const own = new Set(code.match(/\bATTUNE_[A-Z]+\b/g));
  assert.equal([...own].sort(), rows.filter((name) => name.startsWith('ATTUNE_')).sort());
});

test('the pages name every task that a document may be of', () => {
  for (const document of [README, TRAINING].flatMap((page) => [page, twinOf(page)])) {
    const named = read(document)
      .split('\n\n')
      .find((paragraph) => paragraph.includes('`task`'));
    assert.equal(
      TASK_KINDS.filter((kind) => !named?.includes(`\`${kind}\``)),
      [],
      document,
    );
  }
});

test('the page of weights lists those of the catalogue', () => {
  const rows = tableOf(read(WEIGHTS_PAGE), 'name').map(([name]) => name.replaceAll('`', ''));
  assert.equal(
    rows,
    catalogue().map(({ name }) => name),
  );
});

test('the README gives the defaults that a run resolves', () => {
  const sizes = [200, 2_000, 20_000, 20_001];
  const rows = sizes.map((images) => {
    const facts = { images, smallestClass: 10, model: 'resnet50', weights: 'resnet50-v1', side: 224 };
    const { strategy, epochs, augment, crop_scale } = resolveRecipe({ data: 'photos' }, facts);
    return [strategy, String(epochs), augment === 'standard' ? `${Math.round(100 * crop_scale)} %` : 'none'];
  });
  const shown = tableOf(read(README), 'training images').map(([, strategy, epochs, crop]) => [
    strategy,
    epochs,
    crop.replace(' of the image', ''),
  ]);
  assert.equal(shown, rows);
});

test('the sentences that the README explains are in the code', () => {
  const code = sourceFiles().map(read).join('\n');
  const missing = tableOf(read(README), 'the line contains')
    .map(([sentence]) => sentence.replaceAll('`', ''))
    .filter((sentence) => !code.includes(sentence));
  assert.equal(missing, []);
});

test('every folder of src is in the tour', () => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(join(root, 'src', entry.name)).length > 0)
    .map(({ name }) => name);
  const shown = tableOf(read(TOUR), 'folder').map(([name]) => name.replace(/[`/]/g, ''));
  assert.equal([...shown].sort(), folders.sort());
});

test('the list of kernels has each kernel with its shaders and variants', () => {
  // A row may stand for several kernels.
  const rows = tableOf(read(SHADERS), 'kernel').flatMap((cells) => {
    const [names, files, variants] = cells.map((cell) => cell.replaceAll('`', ''));
    return names.split(', ').map((name) => [name, files, variants]);
  });
  const single = Object.entries(kernels).filter(([name]) => !(name in unaryKernels));
  const expected = single.map(([name, { shader }]) => {
    const variants = Object.entries(shader.variants);
    const passes = variants.flatMap(([, variant]) => [...(variant.before ?? []), variant]);
    const files = [...new Set(passes.map(({ file }) => file))];
    return [name, files.join(', '), variants.map(([variant]) => variant).join(', ')];
  });
  const list = '[unary-operations.ts](../src/ops/pointwise/unary-operations.ts)';
  expected.push([`f and fGradient of each f in ${list}`, 'pointwise/f.wgsl', 'flat']);
  const line = (cells: readonly string[]) => cells.join(' | ');
  assertSameSet(rows.map(line), expected.map(line), 'the list of shaders/README.md and src/ops/kernels.ts');
  assert.is(rows.length, expected.length);
});

test.run();

/** The documents of the repository, leaving out what commands make. */
function documents(): string[] {
  return filesBelow(root, /\.md$/);
}

/** Program texts in which an error's sentence may stand. */
function sourceFiles(): string[] {
  return filesBelow(join(root, 'src'), /\.(?:ts|mjs)$/);
}

function filesBelow(parent: string, pattern: RegExp): string[] {
  const generated = ['node_modules', 'dist', 'build', 'runs', '.git'];
  return readdirSync(parent, { withFileTypes: true }).flatMap((entry) => {
    const path = join(parent, entry.name);
    if (entry.isDirectory()) return generated.includes(entry.name) ? [] : filesBelow(path, pattern);
    return pattern.test(entry.name) ? [relative(root, path)] : [];
  });
}

/** Numbers with a decimal point, as they stand in tables. */
function figuresOf(markdown: string): string[] {
  const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
  return rows.flatMap((row) => row.match(/\d+\.\d+(?:e-\d+)?/g) ?? []).sort();
}

/** Fails when a command names a script, a file, a command of attune or a flag that does not exist. */
async function assertExists(command: string): Promise<void> {
  const words = command.split(/\s+/);
  if (words[0] === 'npx') words.shift();
  const [program, first, second] = words;
  if (program === 'attune') return assertAttune(words.slice(1), command);
  if (program === 'node') {
    // Compiled tests have their sources beside the folder `build`.
    const file = first.startsWith('build/') ? first.slice(6).replace(/\.js$/, '.ts') : first;
    const followed = first === 'step.mjs'; // the reader's own file
    assert.ok(followed || existsSync(join(root, file)), command);
    return;
  }
  assert.is(program, 'npm', `${command}: a command of which program?`);
  if (first === 'ci' || first === 'install') return;
  const script = first === 'run' ? second : first;
  assert.ok(script in manifest.scripts, command);
}

const helps = new Map<string, ReturnType<typeof attuneHere>>();

async function assertAttune(words: readonly string[], command: string): Promise<void> {
  const name = words.find((word) => !word.startsWith('--'));
  const request = name === undefined ? ['--help'] : [name, '--help'];
  const help = helps.get(request[0]) ?? attuneHere(request);
  helps.set(request[0], help);
  const { status, stdout } = await help;
  assert.is(status, 0, command);
  for (const flag of words.filter((word) => word.startsWith('--'))) {
    assert.match(stdout, new RegExp(`^ {2}(?:-h, )?${flag}\\b`, 'm'), `${command}: ${flag}`);
  }
}
