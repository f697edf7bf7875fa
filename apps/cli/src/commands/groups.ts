/** What groups of commands are for. */
export const GROUPS: Readonly<Record<string, string>> = {
  dead: 'tasks that failed for good: look at them, run them again, remove them',
  concurrency: 'how many tasks workers run at once',
};
