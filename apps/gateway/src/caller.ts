import type { Request } from 'express';
import type { Role } from './roles.js';

/** Who makes a request, as far as is known, for the audit trail. Behind a proxy it is the proxy's address. */
export const callerOf = ({ socket }: Request, role: Role): string =>
  `gateway (${role} role, ${socket.remoteAddress ?? 'unknown address'})`;
