import { statusOf } from '@goflow/http';
import { type GoflowError, isGoflowError } from '@goflow/shared';
import type { ErrorRequestHandler } from 'express';
import type { Role } from '../roles.js';
import { send } from './exchange.js';
import { documentOf } from './layout.js';
import type { PageContent } from './page.js';

/** When a page that could not be made is asked for again, in seconds. */
const AGAIN_S = 3;

/** What goes wrong with a page is told as one: programs, and pages that are open, get a problem of the API. */
export function errorPages(hasLogin: boolean): ErrorRequestHandler {
  // Express takes a function of four for one that is told of errors.
  // oxlint-disable-next-line max-params
  return (error: unknown, request, response, next) => {
    const wantsPage = request.headers.accept?.includes('text/html') === true;
    if (!isGoflowError(error) || !wantsPage || response.headersSent) return next(error);
    const { role } = response.locals as { role?: Role };
    response.locals.error = error;
    const status = statusOf(error);
    // It goes on by itself; what was sent is not sent again.
    if (status === 503 && request.method === 'GET') response.setHeader('Refresh', String(AGAIN_S));
    const content = errorContent(error, request.method === 'POST');
    send(response.status(status), documentOf(content, { role, hasLogin }));
  };
}

const errorContent = (error: GoflowError, isForm: boolean): PageContent => ({
  title: statusOf(error) === 503 ? 'Redis does not answer' : 'That cannot be done',
  body: (
    <div class="empty">
      <p>{error.message}</p>
      <p class="muted">
        <code>{error.code}</code>
      </p>
      {isForm && <p>Going back in the browser shows the form again, as it was filled in.</p>}
      <p>
        {error.code === 'UNAUTHORIZED' ? (
          <a href="/dashboard/login">Log in</a>
        ) : (
          <a href="/dashboard">Overview</a>
        )}
      </p>
    </div>
  ),
});
