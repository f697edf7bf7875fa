import type { VNode } from 'preact';

/** One of several, or none of them, which is called `none`. */
export function Choice({
  label,
  name,
  value = '',
  of,
  none = 'all',
}: FieldProps & { readonly of: readonly string[]; readonly none?: string }): VNode {
  // What a link says is kept, even where it is no choice.
  const all = value === '' || of.includes(value) ? of : [...of, value];
  return (
    <label>
      {label}
      <select name={name}>
        {['', ...all].map((one) => (
          <option value={one} selected={one === value}>
            {one === '' ? none : one}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A word; `of` are proposed. */
export function Word({
  label,
  name,
  value,
  of = [],
}: FieldProps & { readonly of?: readonly string[] }): VNode {
  const list = `${name}-list`;
  return (
    <label>
      {label}
      <input name={name} value={value} maxLength={128} list={of.length > 0 ? list : undefined} />
      {of.length > 0 && (
        <datalist id={list}>
          {of.map((one) => (
            <option value={one} />
          ))}
        </datalist>
      )}
    </label>
  );
}

/** A time to the second, in UTC as all times here. */
export function Moment({ label, name, value }: FieldProps): VNode {
  return (
    <label>
      {`${label} (UTC)`}
      <input type="datetime-local" name={name} value={value} step="any" />
    </label>
  );
}

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string | undefined;
}

/** What {@link Moment} sends, or a whole ISO time; `undefined` for neither. */
export function momentOf(text: string): Date | undefined {
  const isLocal = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?$/.test(text);
  const date = new Date(isLocal ? `${text}Z` : text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
