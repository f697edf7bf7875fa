import type { GatewayDeps } from '../gateway-deps.js';
import type { Action, Page } from './page.js';
import { auditPage } from './pages/audit.js';

/** All pages. */
export function pagesOf(deps: GatewayDeps): readonly Page[] {
  return [auditPage(deps)];
}

/** All that forms do. */
export function actionsOf(_deps: GatewayDeps): readonly Action[] {
  return [];
}
