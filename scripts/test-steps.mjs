// How `npm run test:compose` goes: step by step, each told in one line.

/**
 * Does one step and says in one line how it went.
 *
 * @template T
 * @param {string} title
 * @param {() => Promise<{ said: string, value?: T }>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const began = performance.now();
  const { said, value } = await work().catch((error) => {
    throw new Error(`${title}: FAILED after ${seconds(began)}: ${error.message}`, { cause: error });
  });
  console.log(`${title}: ${said} (${seconds(began)})`);
  return /** @type {T} */ (value);
}

/** @param {Promise<unknown>} work */
export function succeeds(work) {
  return work.then(
    () => true,
    () => false,
  );
}

/** @param {boolean} isTrue @param {string} message */
export function expect(isTrue, message) {
  if (!isTrue) throw new Error(message);
}

/** @param {number} began */
export function seconds(began) {
  return `${((performance.now() - began) / 1_000).toFixed(1)} s`;
}
