/** Where something stands, in units of the picture; y grows downwards. */
export type Point = readonly [x: number, y: number];

/** The least and the most of a range, along x. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly y: number;
}

/** Half the height of the caps at both ends of a whisker. */
const CAP = 4;

/** @param kind its class */
export function line([x1, y1]: Point, [x2, y2]: Point, kind: string): string {
  return `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

/** @param kind classes, and where the text is held: at its end, its middle, otherwise its beginning */
export function text([x, y]: Point, words: string, kind = ''): string {
  const anchor = /\b(end|middle)\b/.exec(kind)?.[1] ?? 'start';
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

/** A filled strip with its middle at `y`. @param kind its class */
export function strip({ from, to, y }: Span, height: number, kind: string): string {
  const width = (to - from).toFixed(1);
  return `<rect class="${kind}" x="${from}" y="${y - height / 2}" width="${width}" height="${height}" rx="1.5"/>`;
}

/** A range: a line with caps at both ends, of the class `spread`. The wider `halo` under it keeps it apart from a bar of any colour. */
export function whisker({ from, to, y }: Span): string {
  const cap = (x: number): string => `M${x} ${y - CAP}V${y + CAP}`;
  const path = `${cap(from)}M${from} ${y}H${to}${cap(to)}`;
  return `<path class="halo" d="${path}"/><path class="spread" d="${path}"/>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
