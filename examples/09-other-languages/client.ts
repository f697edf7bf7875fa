// All that a service needs that is not written in TypeScript: HTTP and JSON. Nothing of goflow is imported here.

/** What was answered. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** An error is a problem of RFC 9457; programs look at its `code`. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
}

/** Asks a gateway. */
export async function ask<T>(
  { url, token }: { readonly url: string; readonly token: string },
  question: string,
  { body, headers }: { readonly body?: object; readonly headers?: Record<string, string> } = {},
): Promise<Answer<T>> {
  const [method = 'GET', path = '/'] = question.split(' ');
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}
