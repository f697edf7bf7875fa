import type { VNode } from 'preact';

/** Below a list: on, and back to its beginning. */
export function NextPage({
  first,
  next,
}: {
  readonly first: string | undefined;
  readonly next: string | undefined;
}): VNode {
  return (
    <nav class="paging" aria-label="More of the list">
      {first !== undefined && <a href={first}>First page</a>}
      {next !== undefined && (
        <a href={next} rel="next">
          Next page
        </a>
      )}
    </nav>
  );
}
