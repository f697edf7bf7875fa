/**
 * The newest version of a stored task that this release reads. 1: as in the beginning. 2: the payload is encrypted. A stored task says what
 * its reader has to understand; one that says nothing is of version 1.
 */
export const ENVELOPE_VERSION = 2;

/** What a reader of an encrypted payload has to understand. */
export const ENCRYPTED_VERSION = 2;
