/** Names are not longer; what is may be anything. */
const MAX_LENGTH = 100;
/** More mistakes than this make another word. */
const MOST_MISTAKES = 3;

/**
 * What was probably meant: the most similar of the known words, where one is similar. Up to one letter in three, and three in all, may be wrong,
 * missing, too many, or swapped with its neighbour. Words of more than 100 characters are not looked at, so that it takes some milliseconds for
 * 10,000 known words.
 */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  if (word === '' || word.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let most = Math.min(MOST_MISTAKES, Math.max(1, Math.floor(word.length / 3)));
  for (const candidate of known) {
    const mistakes = mistakesIn(word, candidate, most);
    if (mistakes > most) continue;
    best = candidate;
    most = mistakes - 1;
    if (most <= 0) break;
  }
  return best;
}

/** The same as the end of a sentence, such as ` did you mean "slow"?`; empty where nothing is similar. */
export function meantBy(word: string, known: Iterable<string>): string {
  const meant = suggest(word, known);
  return meant === undefined ? '' : ` did you mean "${meant}"?`;
}

/** How many letters must be changed, added, taken away or swapped (optimal string alignment); more than `most`, where it is more. */
function mistakesIn(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  const shorter = Math.min(a.length, b.length) - start;
  while (end < shorter && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return alignment(a.slice(start, a.length - end), b.slice(start, b.length - end), most);
}

function alignment(a: string, b: string, most: number): number {
  const width = b.length + 2;
  let before = new Uint8Array(width);
  let row = Uint8Array.from({ length: width }, (_, to) => to);
  let next = new Uint8Array(width);
  for (let at = 1; at <= a.length; at += 1) {
    // Farther from the diagonal there are more mistakes than may be.
    const from = Math.max(1, at - most);
    const last = Math.min(b.length, at + most);
    next[from - 1] = from === 1 ? at : most + 1;
    let fewest = cell(next, from - 1);
    for (let to = from; to <= last; to += 1) {
      const isSame = a[at - 1] === b[to - 1];
      const isSwapped = at > 1 && to > 1 && a[at - 1] === b[to - 2] && a[at - 2] === b[to - 1];
      let least = cell(row, to - 1) + (isSame ? 0 : 1);
      least = Math.min(least, cell(row, to) + 1, cell(next, to - 1) + 1);
      if (isSwapped) least = Math.min(least, cell(before, to - 2) + 1);
      next[to] = least;
      fewest = Math.min(fewest, least);
    }
    if (fewest > most) return most + 1;
    next[last + 1] = most + 1;
    [before, row, next] = [row, next, before];
  }
  return cell(row, b.length);
}

const cell = (row: Uint8Array, at: number): number => row[at] ?? MAX_LENGTH;
