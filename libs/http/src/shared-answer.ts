const SHARED_MS = 1_000;

/**
 * Asks for something costly at most once a second: who asks within a second after it was asked shares the answer, also one that is not
 * there yet, or an error. An answer that hangs is thus asked for again. `now` is milliseconds of a clock that never goes back.
 */
export function shareAnswer<T>(
  ask: () => Promise<T>,
  now: () => number = () => performance.now(),
): () => Promise<T> {
  let last: { readonly askedAt: number; readonly answer: Promise<T> } | undefined;
  return () => {
    const askedAt = now();
    if (!last || askedAt - last.askedAt >= SHARED_MS) last = { askedAt, answer: ask() };
    return last.answer;
  };
}
