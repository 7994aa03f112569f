/**
 * Opens a page of ours in Chromium and tells as JSON what it found: `node test/report/page/look.mjs <page.html> [<folder>]`.
 * With a folder it leaves screenshots there: light, dark, narrow and on paper.
 *
 * A program of its own, so that a test ends with its browser.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium as engine } from 'playwright-core';
import { chromium } from '../../runner/chromium.mjs';

const [file, pictures] = process.argv.slice(2);
const address = pathToFileURL(file).href;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Presses of the Tab key until it is given up. */
const MOST_STOPS = 400;

const { program, environment } = chromium(fileURLToPath(new URL('../../..', import.meta.url)));
const browser = await engine.launch({
  executablePath: program,
  env: environment,
  // As root, and in containers with little shared memory.
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
try {
  console.log(JSON.stringify(await look()));
} finally {
  await browser.close();
}

async function look() {
  const errors = [];
  const requests = [];
  const wide = { width: 1280, height: 900 };
  const views = [
    ['light', wide, 'light'],
    ['dark', wide, 'dark'],
    ['narrow', { width: 375, height: 812 }, 'light'],
  ];
  const violations = {};
  const overflow = {};
  // As a reader has it.
  const strict = await open({ viewport: wide, colorScheme: 'light' });
  const reached = await stops(strict);
  await strict.emulateMedia({ media: 'print' });
  const paper = await strict.evaluate(() => ({
    closed: [...document.querySelectorAll('details')].filter((one) => !one.lastElementChild.checkVisibility())
      .length,
    nav: getComputedStyle(document.querySelector('nav')).display,
  }));
  if (pictures !== undefined) {
    await strict.setViewportSize({ width: 720, height: 1000 });
    await strict.screenshot({ path: join(pictures, 'print.png'), fullPage: true });
    await strict.pdf({ path: join(pictures, 'print.pdf'), format: 'A4' });
  }
  await strict.emulateMedia({ media: 'screen' });
  // The page forbids all scripts, that of axe-core included: for it alone that is lifted.
  const lenient = await open({ viewport: wide, bypassCSP: true });
  await lenient.evaluate(axe);
  // What is folded is a part of the page, too.
  await lenient.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
  for (const [name, viewport, colorScheme] of views) {
    for (const page of [strict, lenient]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
    }
    overflow[name] = await strict.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      scrollTo({ top: 0, behavior: 'instant' });
      return scrollWidth - clientWidth;
    });
    if (pictures !== undefined)
      await strict.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
    const { violations: found } = await lenient.evaluate(() =>
      window.axe.run({ resultTypes: ['violations'] }),
    );
    violations[name] = found.map(({ id, nodes }) => ({
      id,
      count: nodes.length,
      first: nodes[0].html.slice(0, 200),
      why: nodes[0].failureSummary,
    }));
  }
  return { errors, requests, violations, overflow, paper, ...reached };

  async function open(options) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('dialog', (dialog) => {
      errors.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) errors.push(message.text());
    });
    page.on('request', (request) => {
      const url = request.url();
      if (url !== address && !url.startsWith('data:')) requests.push(url);
    });
    await page.goto(address);
    return page;
  }
}

/** What the Tab key reaches, in its order, and what can be reached by no key. */
async function stops(page) {
  const seen = [];
  for (let i = 0; i < MOST_STOPS; i++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      const { activeElement: at } = document;
      if (at === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      return {
        tag: at.tagName.toLowerCase(),
        text: (at.getAttribute('aria-label') ?? at.textContent).trim().slice(0, 60),
        hasOutline: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0,
      };
    });
    if (stop === null) break;
    seen.push(stop);
  }
  const wanted = await page.evaluate(
    () =>
      [...document.querySelectorAll('a[href], summary, [tabindex="0"]')].filter((e) => e.checkVisibility())
        .length,
  );
  const elements = await page.evaluate(() => {
    const count = (selector) => document.querySelectorAll(selector).length;
    return {
      scripts: count('script'),
      foreign: count('iframe, object, embed, link, base, form, input'),
      handlers: [...document.querySelectorAll('*')].filter((element) =>
        element.getAttributeNames().some((name) => name.startsWith('on')),
      ).length,
      images: count('img'),
      broken: [...document.images].filter((image) => image.naturalWidth === 0).length,
      charts: count('svg'),
      links: count('a'),
      sections: count('section'),
      tables: count('table'),
      title: document.title,
    };
  });
  return { stops: seen, wanted, elements };
}
