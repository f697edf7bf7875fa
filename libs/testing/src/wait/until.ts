/** How long a fact is waited for, and how it is called when it does not come. */
export interface UntilOptions {
  /** What is waited for, for the error: `until(…, { what: 'the queue to be empty' })`. */
  readonly what: string;
  /** The deadline. @default 60_000 */
  readonly timeoutMs?: number | undefined;
  /** The pause between two looks. @default 10 */
  readonly everyMs?: number | undefined;
}

/** What is left of `T` when it is truthy. */
export type Truthy<T> = Exclude<T, false | 0 | 0n | '' | null | undefined>;

type Look<T> = { readonly value: T } | { readonly error: unknown };

const NOT_YET = Symbol('the first look has not ended');

/**
 * Looks again and again until `fact` is truthy, and gives what it returned. A look that throws counts as "not yet".
 * This is what tests use instead of sleeping.
 *
 * @throws Error naming `what` and the last value or error, once the deadline has passed, even if a look never ends.
 */
export async function until<T>(
  fact: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Truthy<T>> {
  const { what, timeoutMs = 60_000, everyMs = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  let last: Look<T> | typeof NOT_YET = NOT_YET;
  for (;;) {
    const look = await before(deadline, lookOnce(fact));
    if (look === undefined) break;
    if ('value' in look && look.value) return look.value as Truthy<T>;
    last = look;
    if (performance.now() + everyMs >= deadline) break;
    await pause(everyMs);
  }
  const because = last !== NOT_YET && 'error' in last ? { cause: last.error } : {};
  throw new Error(`waited ${timeoutMs} ms for ${what}; ${lastSeen(last)}`, because);
}

async function lookOnce<T>(fact: () => T | Promise<T>): Promise<Look<T>> {
  try {
    return { value: await fact() };
  } catch (error) {
    return { error };
  }
}

/** The look, or undefined when the deadline passes first. */
async function before<T>(deadline: number, look: Promise<Look<T>>): Promise<Look<T> | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(deadline - performance.now(), 1), undefined);
  });
  try {
    return await Promise.race([look, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function lastSeen(last: Look<unknown> | typeof NOT_YET): string {
  if (last === NOT_YET) return 'the first look never ended';
  if ('error' in last) return `the last look threw: ${String(last.error)}`;
  return `the last value was ${shown(last.value)}`;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return String(value);
}
