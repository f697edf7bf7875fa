/** The version of all goflow packages. A test compares it with their manifests. */
export const VERSION = '0.1.0';
