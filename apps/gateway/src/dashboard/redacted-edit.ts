import { isDeepStrictEqual } from 'node:util';
import { GoflowError, REDACTED } from '@goflow/shared';

/** A payload as it is, and as it was given to who edited it. */
export interface EditedFrom {
  readonly original: unknown;
  readonly redacted: unknown;
}

/**
 * An edited payload with what was redacted put back in its place. In an array that holds for elements that were not edited, as long as there
 * are as many of them: nothing tells which of the old ones another one is.
 *
 * @throws PAYLOAD_INVALID naming the place of a `[redacted]` that stands for nothing
 */
export function putBack(edited: unknown, { original, redacted }: EditedFrom, path = ''): unknown {
  if (edited === REDACTED) {
    if (redacted === REDACTED) return original;
    const place = path === '' ? 'the payload' : `\`${path}\``;
    throw new GoflowError(
      'PAYLOAD_INVALID',
      `${place} is ${REDACTED}, and nothing was hidden there: write the value`,
    );
  }
  if (Array.isArray(edited)) {
    const isAsLong = Array.isArray(redacted) && redacted.length === edited.length;
    return edited.map((element: unknown, index) => {
      const at = { original: inside(original, index), redacted: inside(redacted, index) };
      const isSame = isAsLong && isDeepStrictEqual(element, at.redacted);
      const known = isSame ? at : { original: undefined, redacted: undefined };
      return putBack(element, known, `${path}[${index}]`);
    });
  }
  if (typeof edited !== 'object' || edited === null) return edited;
  const fields = Object.entries(edited).map(([name, value]) => {
    const at = { original: inside(original, name), redacted: inside(redacted, name) };
    return [name, putBack(value, at, path === '' ? name : `${path}.${name}`)];
  });
  return Object.fromEntries(fields);
}

const inside = (value: unknown, key: string | number): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
