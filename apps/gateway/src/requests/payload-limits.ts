import type { JsonLimits } from '@goflow/http';
import type { ResolvedGatewayOptions } from '../options.js';

/** Levels of JSON. */
export const MAX_DEPTH = 100;

/** What a body with payloads may be. */
export const payloadLimits = ({ bodyLimit }: ResolvedGatewayOptions): JsonLimits => ({
  maxBytes: bodyLimit,
  maxDepth: MAX_DEPTH,
});
