import type { Request } from 'express';
import type { VNode } from 'preact';
import type { Role } from '../roles.js';

/** What a page is asked for by. */
export interface PageRequest {
  readonly params: Readonly<Record<string, string>>;
  /** The first of each parameter, at most 2,048 characters. */
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly role: Role;
}

/** A page of the dashboard: what it shows is made here, for whoever looks, and again every two seconds while it is open. */
export interface Page {
  /** Below `/dashboard`, as Express writes it: `/tasks/:id`. */
  readonly path: string;
  /** Which entry of the navigation it belongs to. */
  readonly section: Section;
  /** @returns what is shown now; `undefined` where there is no such thing, which is answered with 404 */
  readonly show: (request: PageRequest) => Promise<PageContent | Elsewhere | undefined>;
}

/** What is asked for has a page of its own. */
export interface Elsewhere {
  /** Below `/dashboard`. */
  readonly goTo: string;
}

/** What a page shows. */
export interface PageContent {
  readonly title: string;
  readonly body: VNode;
  /** True where it is not told anew: nothing will change any more, or it is too much to be asked for again and again. @default false */
  readonly isFinal?: boolean;
}

/** What a form of a page does. It answers with a redirect to `back`, where its `notice` is shown; or with the form again. */
export interface Action {
  readonly path: string;
  readonly role: Role;
  /** The most bytes of its form. @default 64 KiB */
  readonly maxForm?: number;
  readonly run: (request: ActionRequest) => Promise<ActionDone | AskedAgain>;
}

export interface ActionRequest extends PageRequest {
  /** The fields of the form, each once. */
  readonly form: Readonly<Record<string, string | undefined>>;
  /** Who does it, for the audit trail. */
  readonly by: string;
}

export interface ActionDone {
  /** Below `/dashboard`. */
  readonly back: string;
  /** One sentence; none where the page itself tells. */
  readonly notice?: string | undefined;
}

/** What was filled in is wrong: it is shown as it was filled in, and says what is wrong. Nothing was done. */
export interface AskedAgain {
  readonly again: PageContent;
  readonly section: Section;
}

/** The navigation, in its order. */
export const SECTIONS = Object.freeze({
  overview: { href: '', name: 'Overview' },
  workers: { href: '/workers', name: 'Workers' },
  queues: { href: '/queues', name: 'Queues' },
  deadLetters: { href: '/dead-letters', name: 'Dead letters' },
  tasks: { href: '/tasks', name: 'Tasks' },
  audit: { href: '/audit', name: 'Audit' },
} as const);

export type Section = keyof typeof SECTIONS;

/** As long as a cursor may be. */
const MAX_TEXT = 2_048;

export function pageRequestOf(request: Request, role: Role): PageRequest {
  const query = Object.entries(request.query).map(([name, given]) => {
    const text: unknown = Array.isArray(given) ? given[0] : given;
    return [name, typeof text === 'string' ? text.slice(0, MAX_TEXT) : undefined];
  });
  return {
    params: request.params as Record<string, string>,
    query: Object.fromEntries(query) as PageRequest['query'],
    role,
  };
}
