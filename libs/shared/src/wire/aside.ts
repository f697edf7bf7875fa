/**
 * Work that is done on another thread, so much at once. More would only take memory, and threads of Node's pool from others: the event
 * loop, which makes and reads the JSON, is slower than two of them.
 */
const MAX_AT_ONCE = 2;

let running = 0;
const waiting: (() => void)[] = [];

/** Does work aside when its turn comes, the first come first. */
export async function aside<T>(work: () => Promise<T>): Promise<T> {
  if (running < MAX_AT_ONCE) running += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    // Its place goes to the next one, so that none who comes now gets before it.
    if (next) next();
    else running -= 1;
  }
}
