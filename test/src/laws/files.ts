import { importsOf, linesOf } from './source-text.js';
import { isSource, isTest, type Law } from './source-tree.js';

const MAX_LINES = 300;
const CONSTRUCTS = /(?:^|\/)(utils?|helpers?|common|types|interfaces)(?=\/|\.)/;
const KEBAB = /^(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[cm]?[jt]sx?$/;
/** What its reader decides how it exports: vitest loads these. */
const LOADED = /(\.config\.ts|^libs\/testing\/src\/vitest\/global-redis\.ts)$/;
/** Their subject is types, across packages. */
const ABOUT_TYPES = /^test\/src\/types\/[^/]+\.test\.ts$/;

const PROCESS =
  /\bprocess\s*\??\.\s*(?:env|exit|exitCode|abort|kill|on|once|addListener)\b|\}\s*=\s*process\b(?!\s*[.?])/g;

/** The one place that sends signals to commands, and to their groups. */
const KILLS = 'libs/commands/src/process-group.ts';

/** Examples are users' programs, and written in their way. */
const HAS_ONE_MAIN = /^(?:apps|libs|benchmarks)\//;

/** main.ts, and the program in bin/ that loads it, are the only files of a project that read the environment, hear signals or exit. */
export const oneMain: Law = (files) =>
  files
    .filter(({ path }) => HAS_ONE_MAIN.test(path) && !isTest(path) && !isMain(path))
    .filter(isSource)
    .flatMap(({ path, text }) => {
      const imported = importsOf(text).filter(({ specifier }) => specifier === 'node:process');
      const code = path === KILLS ? text.replaceAll('process.kill(', '') : text;
      const lines = [...linesOf(code, PROCESS), ...imported.map(({ line }) => line)];
      return lines.map((line) => `${path}:${line} touches the process; only a main.ts may`);
    });

const isMain = (path: string): boolean =>
  /(^|\/)(?:main|bin\/goflow[\w-]*)\.[cm]?[jt]s$/.test(path);

const PARSERS = /\bexpress\s*\.\s*(?:json|urlencoded|raw|text)\b/g;

/** Bodies are read by `readBody` of libs/http alone, which counts them all. */
export const oneReader: Law = (files) =>
  files
    .filter(({ path }) => /^(?:apps|libs)\//.test(path) && !isTest(path))
    .filter(isSource)
    .flatMap(({ path, text }) =>
      linesOf(text, PARSERS).map((line) => `${path}:${line} reads a body; readBody does`),
    );

/** Up to 120_000, as what ends a test: `}, 20_000);`, or on a line of its own. */
const OWN_TIME = /(?<=^\}, |^ {2})(?:\d{1,2}_?\d{3}|1[01]\d_?\d{3}|120_?000)(?=\);$|,\n\);$)/gm;

/** Slow machines pass, too: a test may be given more time than all have, never less. */
export const patientTests: Law = (files) =>
  files
    .filter(({ path }) => isTest(path))
    .flatMap(({ path, text }) =>
      linesOf(text, OWN_TIME).map((line) => `${path}:${line} has no more time than all tests`),
    );

/** The public surface is a list that somebody wrote. */
export const namedExports: Law = (files) =>
  files
    .filter(isSource)
    .flatMap(({ path, text }) => [
      ...linesOf(text, /\bexport\s+(?:type\s+)?\*/g).map((line) => `${path}:${line} exports *`),
      ...(LOADED.test(path) ? [] : linesOf(text, /\bexport\s+default\b|\bas\s+default\b/g)).map(
        (line) => `${path}:${line} has a default export`,
      ),
    ]);

/** Files are kebab-case ideas, never constructs of the language. */
export const namedByIdea: Law = (files) =>
  files.filter(isSource).flatMap(({ path }) => {
    const name = path.split('/').at(-1) ?? '';
    const construct = ABOUT_TYPES.test(path) ? undefined : CONSTRUCTS.exec(path)?.[1];
    if (construct !== undefined) return [`${path} is named ${construct}, which says nothing`];
    return KEBAB.test(name) ? [] : [`${path} is not kebab-case`];
  });

/** Every file is short enough to be read. */
export const shortFiles: Law = (files) =>
  files.filter(isSource).flatMap(({ path, text }) => {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    return lines > MAX_LINES ? [`${path} has ${lines} lines, over ${MAX_LINES}`] : [];
  });
