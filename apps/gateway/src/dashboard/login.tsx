import type { VNode } from 'preact';
import type { PageContent } from './page.js';

/** Where one is sent after it, and what was wrong the last time. */
interface LoginProps {
  readonly next: string;
  readonly why: string | undefined;
}

/** Asks for a token. */
export const loginPage = (props: LoginProps): PageContent => ({
  title: 'Log in',
  body: <LoginForm {...props} />,
});

function LoginForm({ next, why }: LoginProps): VNode {
  return (
    <form method="post" action="/dashboard/login" class="card">
      <p>
        Enter a token that this gateway was started with: <code>GOFLOW_READ_TOKEN</code> to look,{' '}
        <code>GOFLOW_PUSH_TOKEN</code> to push and cancel, too, or <code>GOFLOW_OPERATE_TOKEN</code>{' '}
        to do all.
      </p>
      {why !== undefined && (
        <p class="bad" role="alert">
          {why}
        </p>
      )}
      <input type="hidden" name="next" value={next} />
      <div class="row">
        <label>
          Token
          <input type="password" name="token" required autocomplete="current-password" autofocus />
        </label>
        <button type="submit">Log in</button>
      </div>
    </form>
  );
}
