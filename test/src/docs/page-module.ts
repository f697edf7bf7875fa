const BLOCK = /```ts\n(.*?)```/gs;
const IMPORT = /^import (?<type>type )?\{(?<names>[^}]*)\} from '(?<from>[^']+)';\n/gm;

/**
 * The TypeScript of a page as one module. Imports go to its top, each name once. What the first example declares the others can use;
 * each of those has a scope of its own, so that all may use the same names.
 */
export function moduleOf(page: string): string {
  const [first = '', ...others] = [...page.matchAll(BLOCK)].map(([, code]) => code ?? '');
  const all = [first, ...others].join('');
  const scoped = others.map((code) => `{\n${withoutImports(code)}}\n`);
  return [importsOf(all), withoutImports(first), ...scoped, 'export {};\n'].join('\n');
}

function importsOf(code: string): string {
  const modules = new Map<string, Set<string>>();
  for (const { groups } of code.matchAll(IMPORT)) {
    const { type = '', names = '', from = '' } = groups ?? {};
    const known = modules.get(from) ?? new Set();
    for (const name of names.split(',').map((text) => text.trim()))
      if (name !== '') known.add(`${type}${name}`);
    modules.set(from, known);
  }
  return [...modules]
    .map(([from, names]) => `import { ${[...names].join(', ')} } from '${from}';`)
    .join('\n');
}

const withoutImports = (code: string): string => code.replace(IMPORT, '');
