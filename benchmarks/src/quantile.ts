/** The value below which a share of all values lies; NaN of none. */
export function quantile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** The value in the middle: of an even number, the mean of the two there; NaN of none. */
export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}
