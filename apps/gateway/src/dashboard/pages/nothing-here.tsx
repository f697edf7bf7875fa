import type { PageContent } from '../page.js';

/** For a path, a task or a queue that is not there. */
export const nothingHere = (): PageContent => ({
  title: 'There is nothing here',
  body: (
    <div class="empty">
      <p>
        The address is wrong, or what was here is gone: a finished task is kept for its retention.
      </p>
      <p>
        <a href="/dashboard/tasks">Search for a task</a>, or go back to the{' '}
        <a href="/dashboard">overview</a>.
      </p>
    </div>
  ),
});
