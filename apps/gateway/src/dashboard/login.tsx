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
      <p>Show a token that this gateway was started with: for reading, pushing or operating.</p>
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
