/** One block of shell of a page. */
export interface RunbookBlock {
  /** Where it begins in the page. */
  readonly line: number;
  readonly script: string;
  /** What the page says that it answers: the block `text` right behind it. Empty where it says nothing. */
  readonly answer: string;
}

/** A heading, and the blocks below it until the next one. */
export interface RunbookSection {
  readonly title: string;
  readonly blocks: readonly RunbookBlock[];
}

const HEADING_OR_BLOCK = /^#{2,3} (?<title>.+)$|^```(?<info>.+)\n(?<text>[\s\S]*?)^```$/gm;

/** The sections of a page with blocks of that kind (`sh`, `sh compose`), in their order. */
export function runbookOf(page: string, kind: string): readonly RunbookSection[] {
  const sections: { title: string; blocks: { line: number; script: string; answer: string }[] }[] =
    [];
  let previous = '';
  for (const { index, groups } of page.matchAll(HEADING_OR_BLOCK)) {
    const { title, info = '', text = '' } = groups ?? {};
    if (title !== undefined) sections.push({ title, blocks: [] });
    const blocks = sections.at(-1)?.blocks;
    const last = blocks?.at(-1);
    if (info === kind)
      blocks?.push({ line: page.slice(0, index).split('\n').length, script: text, answer: '' });
    if (info === 'text' && previous === kind && last) last.answer = text;
    previous = info;
  }
  return sections.filter(({ blocks }) => blocks.length > 0);
}

/**
 * The first line of an answer, as a page shows it, that is not in what was really said; undefined where it looks like it. Lines
 * have to come in their order, with others in between; `…` is anything, and blanks are as many as there are.
 */
export function notSaid(answer: string, said: string): string | undefined {
  const lines = said.split('\n').map((line) => line.trim());
  let next = 0;
  for (const line of linesOf(answer)) {
    const pattern = patternOf(line);
    const found = lines.findIndex((text, index) => index >= next && pattern.test(text));
    if (found < 0) return line;
    next = found + 1;
  }
  return undefined;
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function patternOf(line: string): RegExp {
  const parts = line.split(/\s*…\s*/).map((part) =>
    part
      .split(/\s+/)
      .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('\\s+'),
  );
  return new RegExp(`^${parts.join('.*')}$`);
}
