/** Where a text stops being JSON. */
export interface JsonFault {
  /** Characters before it. */
  readonly at: number;
  /** What should stand there. */
  readonly expected: string;
}

const SPACE = /[ \t\n\r]*/y;
const SIMPLE = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

/** What may come next: in an object or array that has just begun also its end. */
type Next = 'value' | 'first value' | 'name' | 'first name' | 'more';

/**
 * The first place where a text is no JSON (RFC 8259); `undefined` where it is. JSON.parse says that in no version of Node in the same words,
 * and in some not at all. However deep it is nested, it takes no stack.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const scan = new Scan(text);
  while (!scan.isDone) {
    const fault = scan.step();
    if (fault) return fault;
  }
  return undefined;
}

class Scan {
  readonly #text: string;
  /** What is open, the outermost first. */
  readonly #open: ('{' | '[')[] = [];
  #at = 0;
  #next: Next = 'value';
  isDone = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** Takes one value, name or sign. */
  step(): JsonFault | undefined {
    this.#take(SPACE);
    const character = this.#text[this.#at];
    if (this.#next === 'more') return this.#more(character);
    if (this.#next.startsWith('first') && character === this.#closer) return this.#close();
    return this.#next.endsWith('name') ? this.#name(character) : this.#value(character);
  }

  #value(character: string | undefined): JsonFault | undefined {
    if (character === '{' || character === '[') {
      this.#open.push(character);
      this.#at += 1;
      this.#next = character === '{' ? 'first name' : 'first value';
      return undefined;
    }
    const fault = character === '"' ? this.#string() : this.#simple();
    this.#next = 'more';
    return fault;
  }

  #simple(): JsonFault | undefined {
    if (this.#take(SIMPLE)) return undefined;
    return this.#fault(this.#next === 'first value' ? 'a value or ]' : 'a value');
  }

  #name(character: string | undefined): JsonFault | undefined {
    if (character !== '"')
      return this.#fault(`a name in double quotes${this.#next === 'name' ? '' : ' or }'}`);
    const fault = this.#string();
    if (fault) return fault;
    this.#take(SPACE);
    if (this.#text[this.#at] !== ':') return this.#fault(':');
    this.#at += 1;
    this.#next = 'value';
    return undefined;
  }

  #more(character: string | undefined): JsonFault | undefined {
    const opener = this.#open.at(-1);
    if (opener === undefined) {
      this.isDone = true;
      return character === undefined ? undefined : this.#fault('nothing more');
    }
    if (character === this.#closer) return this.#close();
    if (character !== ',') return this.#fault(`, or ${this.#closer}`);
    this.#at += 1;
    this.#next = opener === '{' ? 'name' : 'value';
    return undefined;
  }

  get #closer(): '}' | ']' {
    return this.#open.at(-1) === '{' ? '}' : ']';
  }

  #close(): undefined {
    this.#open.pop();
    this.#at += 1;
    this.#next = 'more';
    return undefined;
  }

  #string(): JsonFault | undefined {
    for (this.#at += 1; ; this.#at += 1) {
      const character = this.#text[this.#at];
      if (character === undefined) return this.#fault('the closing "');
      if (character === '"') {
        this.#at += 1;
        return undefined;
      }
      if (character < ' ') return this.#fault('no line break and no control character in a text');
      if (character !== '\\') continue;
      if (!this.#take(ESCAPE)) return this.#fault('an escape such as \\n, \\" or \\u00e9');
      this.#at -= 1;
    }
  }

  /** Moves behind what fits; false where nothing does. */
  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #fault(expected: string): JsonFault {
    return { at: this.#at, expected };
  }
}
