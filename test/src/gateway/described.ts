import { expect } from 'vitest';
import { z } from 'zod';
import type { Answer } from '../support/http.js';

/** What tests look at of an OpenAPI document. */
export interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

export interface OperationObject {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

/** Tells of answers whether the description of the API allows them. */
export class Described {
  readonly document: OpenApi;
  readonly #schemas = new Map<string, z.ZodType>();

  constructor(document: OpenApi) {
    this.document = document;
  }

  /** Expects that an answer has a status that its operation documents, and a body of the schema there. */
  expect({ method, path }: { method: string; path: string }, answer: Answer): void {
    const [pathname = ''] = path.split('?');
    const template = this.#templateOf(pathname);
    const operation = this.document.paths[template ?? '']?.[method.toLowerCase()];
    if (!operation) {
      expect([404, 405], `${method} ${pathname} is not described`).toContain(answer.status);
      return;
    }
    const shown = `${method} ${template} answers ${answer.status}`;
    const response = operation.responses[answer.status];
    expect(response, `${shown}, which is not described: ${answer.text}`).toBeDefined();
    const { content = {} } = this.find(response) as { content?: Record<string, object> };
    const [type = ''] = (answer.headers['content-type'] ?? '').split(';');
    expect(Object.keys(content), shown).toContain(type);
    if (!type.endsWith('json')) return;
    const checked = this.#schemaOf(content[type]).safeParse(answer.json);
    expect(checked.error?.issues, `${shown} ${answer.text}`).toBeUndefined();
  }

  /** What a `$ref` leads to; anything else as it is. */
  find(part: object | undefined): object {
    const reference = (part as { $ref?: string } | undefined)?.$ref;
    if (reference === undefined) return part ?? {};
    const names = reference.split('/').slice(1);
    const found = names.reduce<unknown>(
      (at, name) => (at as Record<string, unknown>)[name],
      this.document,
    );
    return this.find(found as object);
  }

  /** The concrete path before one with a parameter. */
  #templateOf(pathname: string): string | undefined {
    const paths = Object.keys(this.document.paths);
    return (
      paths.find((one) => one === pathname) ?? paths.find((one) => patternOf(one).test(pathname))
    );
  }

  #schemaOf(media: object | undefined): z.ZodType {
    const text = JSON.stringify((media as { schema?: object } | undefined)?.schema ?? {});
    const known = this.#schemas.get(text);
    if (known) return known;
    const { schemas } = this.document.components;
    const inside = (part: string): object =>
      JSON.parse(part.replaceAll('#/components/schemas/', '#/$defs/')) as object;
    const schema = z.fromJSONSchema({
      ...inside(text),
      $defs: inside(JSON.stringify(schemas)),
    } as never);
    this.#schemas.set(text, schema);
    return schema;
  }
}

const patternOf = (template: string): RegExp =>
  new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`);
