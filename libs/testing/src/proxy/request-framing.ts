/** One request of a client. */
export interface FramedRequest {
  readonly bytes: Buffer;
  /** The command and its arguments, in latin1. Undefined when this is no RESP: so is all that follows. */
  readonly args: readonly string[] | undefined;
}

type Read =
  | { readonly request: FramedRequest }
  /** How many bytes there must be before it is worth another look. */
  | { readonly needs: number }
  | 'no RESP';

const STAR = 0x2a;
const DOLLAR = 0x24;
const MAX_BULK = 512 * 1024 * 1024;

/** Cuts the bytes that a client sends into requests (RESP arrays of bulk strings). Holds at most one unfinished request. */
export class RequestFraming {
  #held: Buffer[] = [];
  #size = 0;
  #needs = 1;
  #isResp = true;

  /** The requests that are whole now. */
  push(chunk: Buffer): readonly FramedRequest[] {
    if (!this.#isResp) return [{ bytes: chunk, args: undefined }];
    this.#held.push(chunk);
    this.#size += chunk.length;
    // A long request comes in many chunks: to put them together for each would take quadratic time.
    if (this.#size < this.#needs) return [];
    return this.#cut(this.#held.length === 1 ? chunk : Buffer.concat(this.#held));
  }

  #cut(bytes: Buffer): readonly FramedRequest[] {
    const requests: FramedRequest[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      const read = readRequest(rest);
      if (read === 'no RESP') {
        this.#isResp = false;
        requests.push({ bytes: rest, args: undefined });
        rest = rest.subarray(rest.length);
      } else if ('needs' in read) {
        this.#hold(rest, read.needs);
        return requests;
      } else {
        requests.push(read.request);
        rest = rest.subarray(read.request.bytes.length);
      }
    }
    this.#hold(rest, 1);
    return requests;
  }

  #hold(rest: Buffer, needs: number): void {
    this.#held = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    this.#needs = needs;
  }
}

function readRequest(bytes: Buffer): Read {
  const head = readHeader(bytes, 0, STAR);
  if (typeof head === 'string') return head === 'more' ? { needs: bytes.length + 1 } : head;
  const args: string[] = [];
  let at = head.next;
  while (args.length < head.value) {
    const bulk = readHeader(bytes, at, DOLLAR);
    if (typeof bulk === 'string') return bulk === 'more' ? { needs: bytes.length + 1 } : bulk;
    const end = bulk.next + bulk.value;
    if (bytes.length < end + 2) return { needs: end + 2 };
    args.push(bytes.toString('latin1', bulk.next, end));
    at = end + 2;
  }
  return { request: { bytes: bytes.subarray(0, at), args } };
}

/** The number of a line such as `*3` or `$5`, and where the next line begins. */
function readHeader(
  bytes: Buffer,
  at: number,
  type: number,
): { readonly value: number; readonly next: number } | 'more' | 'no RESP' {
  if (at >= bytes.length) return 'more';
  if (bytes[at] !== type) return 'no RESP';
  const end = bytes.indexOf('\r\n', at, 'latin1');
  if (end === -1) return bytes.length - at > 20 ? 'no RESP' : 'more';
  const value = Number(bytes.toString('latin1', at + 1, end));
  if (!Number.isInteger(value) || value < 0 || value > MAX_BULK) return 'no RESP';
  return { value, next: end + 2 };
}
