/** As `--json` tells a time: ISO 8601 in UTC. Of milliseconds since 1970. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** A record with its time of that name told so; one without it stays without. */
export function withIso<Row extends object, Name extends keyof Row>(
  row: Row,
  name: Name,
): Omit<Row, Name> & { readonly [key in Name]?: string } {
  const { [name]: ms, ...rest } = row;
  const told = ms === undefined ? {} : { [name]: isoTime(Number(ms)) };
  return { ...rest, ...told } as Omit<Row, Name> & { readonly [key in Name]?: string };
}
