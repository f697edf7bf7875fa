/** Where a server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Which address to dial instead of the one that Redis tells: `'host:port'` → address. For proxies between. */
export type NatMap = Readonly<Record<string, RedisAddress>>;
