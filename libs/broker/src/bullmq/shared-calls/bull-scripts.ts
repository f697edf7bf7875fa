import { createHash } from 'node:crypto';
import { RedisConnection } from 'bullmq';

/** The text of one of BullMQ's scripts, and how many keys it takes. */
export interface BullScript {
  readonly lua: string;
  readonly numberOfKeys: number;
}

type Load = (this: { readonly _client: unknown }, version: string) => void;

/** BullMQ's own scripts by name, as it registers them with every client of Redis: here with one that only notes them down. */
export function readBullScripts(): ReadonlyMap<string, BullScript> {
  const scripts = new Map<string, BullScript>();
  const client = {
    defineCommand: (name: string, script: BullScript) =>
      scripts.set(name.slice(0, name.indexOf(':')), script),
  };
  const { loadCommands } = RedisConnection.prototype as unknown as { readonly loadCommands: Load };
  loadCommands.call({ _client: client }, '');
  return scripts;
}

/** What a text is known by. */
export const fingerprintOf = (lua: string): string =>
  createHash('sha256').update(lua).digest('hex');
