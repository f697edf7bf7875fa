import { leaveUnread, readBody } from '@goflow/http';
import type { Request, Response } from 'express';

const MAX_FORM = 64 * 1024;

/** The fields of a form, the last of each. @throws REQUEST_INVALID */
export async function formOf(
  request: Request,
  maxBytes = MAX_FORM,
): Promise<Readonly<Record<string, string>>> {
  const body = await readBody(request, { maxBytes });
  return Object.fromEntries(new URLSearchParams(body.toString('utf8')));
}

/** Answers with a page. */
export function send(response: Response, html: string): void {
  leaveUnread(response);
  response.type('html').send(html);
}
