/** A page below `/dashboard`, with what of a query is given. */
export const hrefOf: typeof pathOf = (path, query) => `/dashboard${pathOf(path, query)}`;

/** The same, as what is below `/dashboard`. */
export function pathOf(
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '',
  );
  const search = new URLSearchParams(given).toString();
  return `${path}${search === '' ? '' : `?${search}`}`;
}

/** Where a task is shown, below `/dashboard`: an id has a colon, which a path may hold. */
export const taskPath = (id: string): string =>
  `/tasks/${encodeURIComponent(id).replaceAll('%3A', ':')}`;
