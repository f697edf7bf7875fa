import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Role } from '../roles.js';
import { assetPath } from './assets.js';
import { type PageContent, SECTIONS, type Section } from './page.js';

/** What stands around a page. */
export interface Frame {
  readonly section?: Section | undefined;
  /** `undefined` for who is not logged in. */
  readonly role?: Role | undefined;
  /** Whether there is a login to leave. */
  readonly hasLogin: boolean;
  /** One sentence about what was just done. */
  readonly notice?: string | undefined;
  /** Where the page is told anew, while it is open. */
  readonly live?: string | undefined;
}

/** A whole document. Everything that is put into it is escaped by the renderer: there is no raw HTML anywhere. */
export function documentOf(content: PageContent, frame: Frame): string {
  return `<!doctype html>${renderToString(<Document content={content} frame={frame} />)}`;
}

/** The part of a page that is told anew. */
export const bodyOf = (content: PageContent): string => renderToString(content.body);

function Document({ content, frame }: { content: PageContent; frame: Frame }): VNode {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${content.title} · goflow`}</title>
        <link rel="icon" href={assetPath('icon.svg')} />
        <link rel="stylesheet" href={assetPath('style.css')} />
        <link rel="stylesheet" href={assetPath('fleet.css')} />
        <link rel="stylesheet" href={assetPath('tasks.css')} />
        <script src={assetPath('live.js')} defer />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Head frame={frame} />
        <main id="main" tabIndex={-1}>
          <h1>{content.title}</h1>
          {frame.notice !== undefined && (
            <p class="notice" role="status">
              {frame.notice}
            </p>
          )}
          <p id="away" class="notice bad" role="alert" hidden>
            What you see is old: the gateway or Redis does not answer. It goes on by itself.
          </p>
          <div id="live" data-live={frame.live}>
            {content.body}
          </div>
        </main>
        {frame.role !== undefined && <footer>All times are UTC.</footer>}
      </body>
    </html>
  );
}

function Head({ frame }: { frame: Frame }): VNode {
  return (
    <header>
      <a class="brand" href="/dashboard">
        goflow
      </a>
      {frame.role !== undefined && (
        <nav aria-label="Pages">
          <ul>
            {Object.entries(SECTIONS).map(([section, { href, name }]) => (
              <li>
                <a
                  href={`/dashboard${href}`}
                  aria-current={section === frame.section ? 'page' : undefined}
                >
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {frame.role !== undefined && frame.hasLogin && (
        <form class="leave" method="post" action="/dashboard/logout">
          <span>{`role: ${frame.role}`}</span>
          <button type="submit">Log out</button>
        </form>
      )}
    </header>
  );
}
