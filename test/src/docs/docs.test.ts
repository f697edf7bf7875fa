import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERRORS, TASK_STATES } from '@goflow/sdk';
import { expect, test } from 'vitest';
import { pages } from '../../../scripts/docs.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

test('the pages made from tables are as the tables are now: npm run docs writes them', async () => {
  for (const [file, text] of Object.entries(await pages())) expect(read(`docs/${file}`)).toBe(text);
});

test('every error code has a section, and every section has a code', () => {
  const sections = [...read('docs/errors.md').matchAll(/^## (\w+)$/gm)].map(([, code]) => code);
  expect(sections.sort()).toEqual(Object.keys(ERRORS).sort());
});

test('every code that the sources throw is in the table', () => {
  const thrown = sources().flatMap((text) =>
    [...text.matchAll(/new GoflowError\(\s*'([A-Z_]+)'/g)].map(([, code]) => code ?? ''),
  );
  expect(thrown.length).toBeGreaterThan(10);
  expect(thrown.filter((code) => !(code in ERRORS))).toEqual([]);
});

test('the page of states names each, and the glossary defines the words', () => {
  for (const state of TASK_STATES) expect(read('docs/states.md')).toContain(`**${state}**`);
  for (const word of [
    'contract',
    'payload',
    'attempt',
    'lease',
    'hand back',
    'retention',
    'dead letter',
    'deduplication key',
    'cancel',
    'progress',
    'result store',
    'local mode',
  ])
    expect(read('docs/glossary.md')).toContain(`| **${word}**`);
});

test('the page of options names every option that a user can give', () => {
  const page = read('docs/options.md');
  const files = [
    'apps/producer-sdk/src/create-goflow.ts',
    'apps/worker/src/options.ts',
    'apps/worker/src/ops/http-options.ts',
    'libs/shared/src/options/push-options.ts',
    'libs/shared/src/contract/task-definition.ts',
    'apps/producer-sdk/src/goflow.ts',
    'apps/producer-sdk/src/many-options.ts',
    'apps/producer-sdk/src/watching.ts',
    'apps/producer-sdk/src/many/gather.ts',
    'apps/producer-sdk/src/many/map-options.ts',
    'apps/producer-sdk/src/inspector/goflow-inspector.ts',
    'apps/producer-sdk/src/inspector/dead-letter-options.ts',
    'libs/shared/src/options/backoff.ts',
    'libs/shared/src/options/retention.ts',
    'libs/broker/src/bullmq/redis-result-store.ts',
    'libs/broker/src/results/memory-result-store.ts',
    'libs/broker/src/results/postgres-result-store.ts',
    'libs/local/src/local-goflow.ts',
    'libs/local/src/local-options.ts',
  ];
  const names = files.flatMap((file) =>
    [
      ...read(file).matchAll(
        /^export interface (?!Resolved)(?:\w+Options|TaskDefinition)\b.*?^}/gms,
      ),
    ].flatMap(([text]) =>
      [...text.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name ?? ''),
    ),
  );
  expect(names.length).toBeGreaterThan(70);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('the page of dead letters names every reason', () => {
  const page = read('docs/lifecycle.md');
  const table = /DEAD_LETTER_REASONS = .*?\]/s.exec(read('libs/shared/src/task/dead-letter.ts'));
  const reasons = [...(table?.[0] ?? '').matchAll(/'([a-z-]+)'/g)].map(([, reason]) => reason);
  expect(reasons.length).toBeGreaterThan(5);
  expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
});

test('links between the pages lead somewhere', () => {
  const files = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...list('docs')];
  const broken = files.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)]
      .map(([, target]) => new URL(target ?? '', `file:///${file}`).pathname.slice(1))
      .filter((target) => !exists(target))
      .map((target) => `${file} -> ${target}`),
  );
  expect(broken).toEqual([]);
});

test('links to a section, in pages, rules and what the doctor says, lead to its heading', () => {
  const sources = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...list('docs'),
    ...['queue-rules', 'server-rules', 'worker-rules', 'key-rules'].map(
      (name) => `apps/cli/src/doctor/${name}.ts`,
    ),
    'deploy/prometheus/rules/goflow.alerts.yml',
  ];
  const links = sources.flatMap((file) =>
    [...read(file).matchAll(/(?:\]\(|docs\/)([\w./-]*\.md|)#([\w-]+)/g)].map(
      ([, page = '', section = '']) => {
        const from = page === '' || file.endsWith('.md') ? file : 'docs/x.md';
        return { file, page: page === '' ? file : pathFrom(from, page), section };
      },
    ),
  );
  expect(links.length).toBeGreaterThan(100);
  const broken = links.filter(({ page, section }) => !exists(page) || !headings(page).has(section));
  expect(broken).toEqual([]);
});

const pathFrom = (file: string, link: string): string =>
  new URL(link, `file:///${file}`).pathname.slice(1);

/** The anchors of a page, as GitHub makes them. */
function headings(page: string): Set<string> {
  const titles = [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function list(folder: string): string[] {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}

function exists(path: string): boolean {
  try {
    readdirSync(`${root}${path}`);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR';
  }
}

function sources(): string[] {
  return ['apps', 'libs'].flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\/src\/.*\.ts$/.test(name) && !name.includes('node_modules'))
      .map((name) => read(`${folder}/${name}`)),
  );
}
