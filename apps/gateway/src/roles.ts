/** Who may do what: each role may do what those before it may. */
export const ROLES = Object.freeze(['read', 'push', 'operate'] as const);

/** One of {@link ROLES}: look; push and cancel tasks too; administer queues, dead letters and the fleet too. */
export type Role = (typeof ROLES)[number];

/** Whether a role may do what another is needed for. */
export const may = (role: Role, needed: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(needed);
