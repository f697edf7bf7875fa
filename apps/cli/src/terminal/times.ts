import { spell } from '@goflow/shared';

export { spell };

/** How long ago a time was: `41 s ago`; `-` when it is not known. */
export function ago(at: Date | number | undefined, now: number): string {
  return at === undefined ? '-' : `${age(at, now)} ago`;
}

/** How old something is that began at a time: `41 s`; `-` when it is not known. */
export function age(at: Date | number | undefined, now: number): string {
  return at === undefined ? '-' : spell(Math.max(0, now - Number(at)));
}
