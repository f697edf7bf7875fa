import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';

const TYPES = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' } as const;
const NAMES = ['style.css', 'fleet.css', 'tasks.css', 'live.js', 'icon.svg'] as const;

type AssetName = (typeof NAMES)[number];

interface Asset {
  readonly content: Buffer;
  readonly type: string;
  readonly hash: string;
}

let loaded: ReadonlyMap<string, Asset> | undefined;

/** The files that pages name, read once: there are few, and they are small. */
function assets(): ReadonlyMap<string, Asset> {
  loaded ??= new Map(
    NAMES.map((name) => {
      const content = readFileSync(new URL(`../../assets/${name}`, import.meta.url));
      const extension = name.split('.').at(-1) as keyof typeof TYPES;
      const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12);
      return [name, { content, hash, type: `${TYPES[extension]}; charset=utf-8` }] as const;
    }),
  );
  return loaded;
}

/** Changes with the file, so that it can be kept for ever. */
export const assetPath = (name: AssetName): string =>
  `/dashboard/assets/${name}?v=${assets().get(name)?.hash ?? ''}`;

/** `GET /dashboard/assets/:name`. */
export const serveAsset: RequestHandler = (request, response, next) => {
  const asset = assets().get(String(request.params.name));
  if (!asset) return next();
  response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
  response.type(asset.type).send(asset.content);
};
