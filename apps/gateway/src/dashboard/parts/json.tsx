import type { VNode } from 'preact';
import { cut, prettyJson } from './foreign.js';

/** Of larger values the beginning is shown. */
const MAX_SHOWN = 64 * 1024;

/** A value as JSON; `api` is where all of it can be had. */
export function Json({
  value,
  api,
  id,
}: {
  readonly value: unknown;
  readonly api: string;
  readonly id: string;
}): VNode {
  if (value === undefined) return <p class="muted">It is no JSON.</p>;
  const text = prettyJson(value);
  const isCut = text === '' || text.length > MAX_SHOWN;
  return (
    <>
      {text !== '' && <pre id={id}>{cut(text, MAX_SHOWN)}</pre>}
      {isCut && (
        <p class="muted">
          {`${text === '' ? 'It is too deeply nested to be shown.' : `The first 65,536 of ${text.length.toLocaleString('en')} characters.`} All of it: `}
          <code>{`GET ${api}`}</code> of the API.
        </p>
      )}
    </>
  );
}
