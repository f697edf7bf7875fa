import type { VNode } from 'preact';

/** Below a list: on, and back to its beginning; and whether it is told anew. */
export function NextPage({
  first,
  next,
  isStill,
}: {
  readonly first: string | undefined;
  readonly next: string | undefined;
  readonly isStill: boolean;
}): VNode {
  return (
    <nav class="paging" aria-label="More of the list">
      {isStill && (
        <span class="muted">
          This list stands still: it takes long to find. Reload it to see more.
        </span>
      )}
      {first !== undefined && <a href={first}>First page</a>}
      {next !== undefined && (
        <a href={next} rel="next">
          Next page
        </a>
      )}
    </nav>
  );
}
