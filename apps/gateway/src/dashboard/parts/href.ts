/** A page below `/dashboard`, with what of a query is given. */
export function hrefOf(
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '',
  );
  const search = new URLSearchParams(given).toString();
  return `/dashboard${path}${search === '' ? '' : `?${search}`}`;
}

/** Where a task is shown, below `/dashboard`: an id has a colon, which a path may hold. */
export const taskPath = (id: string): string =>
  `/tasks/${encodeURIComponent(id).replaceAll('%3A', ':')}`;
