import { createBullBoard } from '@bull-board/api';
import { ExpressAdapter } from '@bull-board/express';
import { openBoardQueues } from '@goflow/broker/board';
import { answerWithin, HttpRefusal, hasBody, shareAnswer } from '@goflow/http';
import { GoflowError, toFailure } from '@goflow/shared';
import type { RequestHandler, Router } from 'express';
import express from 'express';
import helmet from 'helmet';
import type { GatewayDeps } from '../../gateway-deps.js';
import { BoardQueue } from './board-queue.js';

/** Its path below `/dashboard`. */
export const BOARD = '/board';

/** As that of goflow's own pages, but for styles inside a page, and for what its links begin with. */
const POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
    baseUri: ["'self'"],
  },
};

type Routes = Parameters<ExpressAdapter['setApiRoutes']>[0];

/** Only what reads is there at all, and nothing is fetched from elsewhere. */
class ReadOnlyAdapter extends ExpressAdapter {
  override setApiRoutes(routes: Routes): ExpressAdapter {
    return super.setApiRoutes(routes.filter(({ method }) => method === 'get'));
  }

  override setViewsPath(path: string): ExpressAdapter {
    super.setViewsPath(path);
    const { engines } = this.app as unknown as { engines: Record<string, Render> };
    const render = engines['.ejs'];
    if (render)
      this.app.engine('ejs', (file, options, done) =>
        render(file, options, (error, html) => done(error, withoutForeign(html))),
      );
    return this;
  }
}

type Render = Parameters<ExpressAdapter['app']['engine']>[1];

/** Its fonts are on a server of somebody else's; the system's will do. */
const withoutForeign = (html: string | undefined): string | undefined =>
  html?.replaceAll(/<link\b[^>]*\bhref="https?:[^>]*>/g, '');

/** bull-board, for looking at queues as BullMQ has them: it is opened when it is first asked for. */
export function boardRouter(deps: GatewayDeps): Router {
  const router = express.Router();
  let opened: ReturnType<typeof openBoard> | undefined;
  // BullMQ waits for Redis as long as it takes.
  router.use(helmet.contentSecurityPolicy(POLICY), onlyReading, answerWithin());
  router.use(async (request, response, next) => {
    opened ??= openBoard(deps);
    // Its files are of no one: they may be kept. A queue that came meanwhile is shown, too.
    if (request.path.startsWith('/static/')) response.removeHeader('Cache-Control');
    else await opened.refresh();
    opened.app(request, response, next);
  });
  return router;
}

const onlyReading: RequestHandler = ({ method, headers }, _response, next) => {
  if (method !== 'GET' && method !== 'HEAD')
    throw new GoflowError('FORBIDDEN', 'the board is for looking only: act on goflow’s own pages');
  // bull-board would read it, and count none.
  if (hasBody(headers)) throw new HttpRefusal(400, 'the board takes no body');
  next();
};

function openBoard(deps: GatewayDeps): { app: RequestHandler; refresh: () => Promise<void> } {
  const { goflow, logger, connection, atStop } = deps;
  const onTrouble = (error: Error): void =>
    logger.warn({ failure: toFailure(error, 'BROKER_UNAVAILABLE') }, 'trouble with Redis');
  const queues = openBoardQueues({ ...connection, onTrouble });
  atStop(() => queues.close());
  const adapter = new ReadOnlyAdapter().setBasePath(`/dashboard${BOARD}`);
  const board = createBullBoard({ queues: [], serverAdapter: adapter, options: { uiConfig: UI } });
  const shown = new Map<string, BoardQueue>();
  const refresh = shareAnswer(async () => {
    for (const { queue } of await goflow.fleet.queues()) {
      if (shown.has(queue)) continue;
      shown.set(queue, new BoardQueue(queue, queues, deps));
    }
    board.replaceQueues([...shown.values()]);
  });
  return { app: adapter.getRouter() as RequestHandler, refresh };
}

const UI = {
  boardTitle: 'goflow, in BullMQ',
  favIcon: { default: 'static/images/logo.svg', alternative: 'static/favicon-32x32.png' },
  hideDocsLink: true,
  // Connections are asked for with a right that goflow does not need; its own page of workers tells more.
  showWorkers: false,
  hideRedisDetails: true,
  sortQueues: true,
  miscLinks: [
    { text: 'goflow: queues', url: '/dashboard/queues' },
    { text: 'goflow: tasks', url: '/dashboard/tasks' },
    { text: 'goflow: dead letters', url: '/dashboard/dead-letters' },
  ],
};
