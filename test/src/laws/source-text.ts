/** One import, re-export, dynamic import or `import()` type. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Nothing of it is left at run time: `import type`, `export type`. */
  readonly typeOnly: boolean;
}

/** Words after which a `/` begins a regular expression, not a division. */
const BEFORE_REGEX =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|new|await|yield|else|do))$/;

/** Text that is no code: comments, strings (quotes stay), the fixed parts of templates, regular expressions. */
const PATTERNS = {
  line: /[^\n]*/y,
  blockComment: /\/\*[\s\S]*?(?:\*\/|$)/y,
  single: /'(?:\\[\s\S]|[^'\\\n])*'?/y,
  double: /"(?:\\[\s\S]|[^"\\\n])*"?/y,
  regex: /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y,
  templatePart: /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{|$)/y,
};

/**
 * Blanks what is no code. The length and the lines stay, so that a place in one is the place in the other. Expressions inside
 * templates are code.
 */
export function codeOf(source: string): string {
  const braces: number[] = [];
  let code = '';
  let depth = 0;
  while (code.length < source.length) {
    const rest = blankTokenAt(source, code);
    const char = source[code.length] ?? '';
    const closesTemplate = char === '}' && braces.at(-1) === depth;
    if (rest !== undefined) {
      code += rest;
      continue;
    }
    code += char;
    if (char === '{') depth += 1;
    if (char === '}' && !closesTemplate) depth -= 1;
    if (closesTemplate) braces.pop();
    if (char !== '`' && !closesTemplate) continue;
    const part = matchAt(PATTERNS.templatePart, source, code.length);
    code += blank(part);
    if (part.endsWith('${')) braces.push(depth);
  }
  return code;
}

/** The comment, string or regular expression that begins where `code` ends, blanked. */
function blankTokenAt(source: string, code: string): string | undefined {
  const at = code.length;
  const next = source.slice(at, at + 2);
  if (next === '//' || (at === 0 && next === '#!'))
    return blank(matchAt(PATTERNS.line, source, at));
  if (next === '/*') return blank(matchAt(PATTERNS.blockComment, source, at));
  if (next.startsWith("'")) return blankInside(matchAt(PATTERNS.single, source, at));
  if (next.startsWith('"')) return blankInside(matchAt(PATTERNS.double, source, at));
  if (!next.startsWith('/') || !BEFORE_REGEX.test(code.slice(-40).trimEnd())) return undefined;
  return blank(matchAt(PATTERNS.regex, source, at)) || undefined;
}

function matchAt(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? '';
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

const blankInside = (string: string): string =>
  string.slice(0, 1) + blank(string.slice(1, -1)) + string.slice(1).slice(-1);

const IMPORTS = [
  /\b(?:import|export)\b(?<type>\s+type\b(?!\s*(?:,|from\b)))?[\w\s{},*$]*?\bfrom\s*(?=['"])/g,
  /\bimport\s*(?=['"])/g,
  /\bimport\s*\(\s*(?=['"])/g,
  /\brequire(?:\.resolve)?\s*\(\s*(?=['"])/g,
];

/** Everything that a module imports, in the order of the kinds. Dynamic imports of a computed name are not among them. */
export function importsOf(source: string): readonly Import[] {
  const code = codeOf(source);
  return IMPORTS.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => {
      const at = match.index + match[0].length;
      const end = code.indexOf(code[at] ?? '', at + 1);
      return {
        specifier: source.slice(at + 1, end),
        line: lineAt(source, match.index),
        typeOnly: match.groups?.type !== undefined,
      };
    }),
  );
}

/** The lines where a pattern is found in the code. */
export function linesOf(source: string, pattern: RegExp): readonly number[] {
  return [...codeOf(source).matchAll(pattern)].map(({ index }) => lineAt(source, index));
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split('\n').length;
}
