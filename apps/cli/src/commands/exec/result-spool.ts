import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a text lies in the file. */
interface Place {
  readonly at: number;
  readonly bytes: number;
}

/** How a {@link ResultSpool} keeps. */
export interface SpoolOptions {
  /** `given`: by index. `completed`: as they were added. */
  readonly order: 'given' | 'completed';
  /** How many characters are kept in memory; what comes later goes to a file. @default 64 Mi */
  readonly memory?: number | undefined;
}

const MEMORY = 64 * 1024 * 1024;

/** Keeps results as JSON until all are there: small ones in memory, what would be too much in a temporary file. */
export class ResultSpool {
  readonly #isByIndex: boolean;
  readonly #kept: (string | Place)[] = [];
  #room: number;
  #file: Promise<FileHandle | undefined> | undefined;
  #end = 0;

  constructor({ order, memory = MEMORY }: SpoolOptions) {
    this.#isByIndex = order === 'given';
    this.#room = memory;
  }

  async add(index: number, json: string): Promise<void> {
    const place = this.#isByIndex ? index : this.#kept.length;
    // At once: the next one must not get the same place.
    this.#kept[place] = json;
    this.#room -= json.length;
    if (this.#room >= 0) return;
    const stored = await this.#store(json);
    if (stored) this.#kept[place] = stored;
  }

  async *texts(): AsyncGenerator<string, void, undefined> {
    const file = await this.#file;
    for (const kept of this.#kept)
      yield typeof kept === 'string' ? kept : await read(file as FileHandle, kept);
  }

  async close(): Promise<void> {
    const file = await this.#file;
    await file?.close();
  }

  /** Where the disk has no room, memory may have. */
  async #store(json: string): Promise<Place | undefined> {
    this.#file ??= openNameless();
    const file = await this.#file;
    if (!file) return undefined;
    const bytes = Buffer.from(json);
    const place: Place = { at: this.#end, bytes: bytes.length };
    this.#end += bytes.length;
    try {
      for (let done = 0; done < bytes.length; )
        done += (await file.write(bytes, done, bytes.length - done, place.at + done)).bytesWritten;
      return place;
    } catch {
      return undefined;
    }
  }
}

/** A file that has no name any more: however the process ends, nothing is left of it. */
async function openNameless(): Promise<FileHandle | undefined> {
  const path = join(tmpdir(), `goflow-exec-${randomUUID()}`);
  try {
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return file;
  } catch {
    return undefined;
  }
}

async function read(file: FileHandle, { at, bytes }: Place): Promise<string> {
  const buffer = Buffer.alloc(bytes);
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await file.read(buffer, done, bytes - done, at + done);
    if (bytesRead === 0) throw new Error('the temporary file of results is shorter than it was');
    done += bytesRead;
  }
  return buffer.toString('utf8');
}
