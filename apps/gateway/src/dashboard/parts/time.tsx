import type { VNode } from 'preact';

/** A moment, in UTC to the second; the whole of it for machines, and for who points at it. */
export function Time({ at }: { at: Date | number }): VNode {
  const iso = new Date(at).toISOString();
  return (
    <time dateTime={iso} title={iso}>
      {`${iso.slice(0, 10)} ${iso.slice(11, 19)}`}
    </time>
  );
}
