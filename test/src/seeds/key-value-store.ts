import type { ResultStore } from '@goflow/sdk';

/** A results store of the caller's own: goflow-Go's KVStore in a few lines. */
export class KeyValueStore implements ResultStore {
  readonly kept = new Map<string, string>();

  async put(id: string, resultJson: string): Promise<void> {
    this.kept.set(id, resultJson);
  }

  async get(ids: readonly string[]): Promise<(string | undefined)[]> {
    return ids.map((id) => this.kept.get(id));
  }
}
