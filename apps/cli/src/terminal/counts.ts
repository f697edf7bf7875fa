/** 12,000 */
export const counted = (count: number): string => count.toLocaleString('en');

/** 1 task, 12,000 tasks */
export const plural = (count: number, thing: string): string =>
  `${counted(count)} ${thing}${count === 1 ? '' : 's'}`;
