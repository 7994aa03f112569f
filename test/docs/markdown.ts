/** What the test of the documentation reads out of Markdown: programs, commands, links, tables. */

/** A fenced block: its language and its text. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** All fenced blocks, in order. */
export function blocksOf(markdown: string): Block[] {
  const found = markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  return Array.from(found, ([, language, text]) => ({ language, text }));
}

/** Every shell command that a reader might type: lines of `sh` blocks, and inline code that begins like one. */
export function commandsOf(markdown: string): string[] {
  const lines = blocksOf(markdown)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n').map((line) => line.replace(/\s+#.*$/, '')));
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '');
  const inline = Array.from(prose.matchAll(/`((?:npx|npm|node|attune) [^`]+)`/g), ([, command]) => command);
  return [...lines, ...inline]
    .flatMap((line) => line.split('&&'))
    .map((command) => command.trim())
    .filter((command) => command !== '');
}

/** Targets of relative links, without their anchors. */
export function relativeLinksOf(markdown: string): string[] {
  return linksOf(markdown)
    .map(({ target }) => target)
    .filter((target) => target !== '');
}

/** Links within a document, whose target is then empty, and to files beside it. */
export function linksOf(markdown: string): { readonly target: string; readonly anchor: string | null }[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '');
  return Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [target, anchor = null] = link.split('#');
      return { target, anchor };
    });
}

/** Headings in order, each with its level and the anchor that GitHub gives it. */
export function headingsOf(markdown: string): { readonly level: number; readonly anchor: string }[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '');
  return Array.from(prose.matchAll(/^(#+) (.+)$/gm), ([, marks, text]) => ({
    level: marks.length,
    anchor: text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  }));
}

/** A section from its heading to the next one of its level. */
export function sectionOf(markdown: string, heading: string): string {
  const start = markdown.indexOf(`\n${heading}\n`);
  if (start < 0) throw new Error(`no section begins with ${heading}`);
  const end = markdown.indexOf(`\n${/^#+/.exec(heading)?.[0]} `, start + heading.length);
  return markdown.slice(start, end < 0 ? undefined : end);
}

/** The cells of the table whose header row begins with `heading`; without the header. */
export function tableOf(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  if (start < 0) throw new Error(`no table begins with ${heading}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end < 0 ? rows.length : end).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/**
 * The lines that a program says it prints: the comment behind each `console.log`, in order; `A, then B` stands for
 * two lines. null: a line that depends on the input.
 */
export function promisedOutput(program: string): (string | null)[] {
  return program.split('\n').flatMap((line) => {
    const match = /^\s*console\.log\(.*\);(?: \/\/ (.*))?$/.exec(line);
    if (match === null) return [];
    const comment = match[1];
    if (comment === undefined || comment.startsWith('depends on')) return [null];
    return comment.split(', then ');
  });
}
