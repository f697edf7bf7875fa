// The hash of a job, as Redis gives it: names and values in turn. Somebody else may have written it.

/** A field that is to have another value; `undefined`: that is to go. */
export type Mending = Readonly<Record<string, string | undefined>>;

/** No JSON, so that what reads it takes the job for one that cannot be read. */
const UNREADABLE = '{';
/** What is kept of a job that cannot be read: what is needed to fail it. */
const KEPT = new Set(['name', 'timestamp', 'atm', 'ats', 'stc']);
/** BullMQ's scripts count in these, and fail half-way where Redis cannot. */
const COUNTERS = new Set(['atm', 'ats', 'stc']);
/** What Redis can count on from: no zero before it, and far from the end of its numbers. */
const INTEGER = /^(?:0|[1-9]\d{0,14})$/;
/** To a parent or a repetition. goflow writes none, and BullMQ's code stops half-way at those that are broken. No Set: this is quicker. */
const isLink = (field: string): boolean =>
  field === 'rjk' || field === 'parent' || field === 'parentKey';

/** Whether BullMQ can decode a job and end it. It decodes `data` later, where that is caught. */
export function isIntact(fields: readonly string[]): boolean {
  let hasName = false;
  let hasData = false;
  for (let at = 0; at < fields.length; at += 2) {
    const value = fields[at + 1] ?? '';
    const field = fields[at] ?? '';
    if (field === 'name') hasName = value !== '';
    else if (field === 'data') hasData = value !== '';
    else if (!isGood(field, value)) return false;
  }
  return hasName && hasData;
}

function isGood(field: string, value: string): boolean {
  if (field === 'opts') return areOptions(value);
  if (field === 'progress') return value === '0' || value === '' || decoded(value) !== undefined;
  if (COUNTERS.has(field)) return INTEGER.test(value);
  return !isLink(field);
}

/** Whether a job can be run, once it is mended: its name, its data and its options are there. */
export function isReadable(fields: readonly string[]): boolean {
  const { name, data, opts = '', progress = '' } = toRecord(fields);
  return Boolean(name) && Boolean(data) && areOptions(opts) && isGood('progress', progress);
}

/** What has to be changed in Redis so that BullMQ's scripts can end a job. */
export function mendingOf(fields: readonly string[]): Mending {
  const { name, ...rest } = toRecord(fields);
  const wrong = Object.keys(rest).filter(
    (field) => COUNTERS.has(field) && !INTEGER.test(rest[field] ?? ''),
  );
  const links = Object.keys(rest).filter(isLink);
  return {
    // Without a name, BullMQ and goflow take a job for one that is gone.
    ...(name === undefined ? { name: '' } : {}),
    ...Object.fromEntries(wrong.map((field) => [field, '0'])),
    ...Object.fromEntries(links.map((field) => [field, undefined])),
  };
}

/** The fields of a job as they will be in Redis. */
export function mended(fields: readonly string[], mending: Mending): string[] {
  const record: Mending = { ...toRecord(fields), ...mending };
  return Object.entries(record).flatMap(([field, value]) =>
    value === undefined ? [] : [field, value],
  );
}

/** In place of the fields of a job that cannot be read. */
export function standIn(fields: readonly string[]): string[] {
  const kept = Object.entries(toRecord(fields)).filter(([field]) => KEPT.has(field));
  return ['data', UNREADABLE, ...kept.flat()];
}

const toRecord = (fields: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Array.from({ length: fields.length / 2 }, (_, at) => [fields[at * 2], fields[at * 2 + 1]]),
  ) as Record<string, string>;

/** The last options that could be read: most tasks of a queue have the same, and to compare is quicker than to decode. */
let readBefore = '';

function areOptions(text: string): boolean {
  if (text === readBefore) return true;
  const options = text === '' ? {} : decoded(text);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return false;
  readBefore = text;
  return true;
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
