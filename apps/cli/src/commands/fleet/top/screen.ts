import type { ReadStream } from 'node:tty';
import type { Context } from '../../../context.js';
import type { Colour } from '../../../terminal/output.js';

/** The terminal as a page that is drawn anew: what was there before comes back when it is closed. */
export interface Screen {
  readonly width: number;
  /** Aborts when somebody leaves: q, Escape or Ctrl-C. */
  readonly left: AbortSignal;
  paint(colour: Colour, text: string): string;
  show(lines: readonly string[]): void;
  close(): void;
}

// ECMA-48 and xterm: the alternate screen, the cursor, the home position, erase to the end of line and page.
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_PAGE = '\u001b[J';
const QUIT = new Set(['q', 'Q', '\u0003', '\u001b']);

export function openScreen({ out, stdin, signal, atExit }: Context): Screen {
  const leaving = new AbortController();
  const keys = stdin as unknown as ReadStream;
  const onKey = (key: Buffer): void => {
    if (QUIT.has(key.toString())) leaving.abort();
  };
  if (keys.isTTY) {
    keys.setRawMode(true);
    keys.on('data', onKey);
    keys.once('end', () => leaving.abort());
  }
  out.raw(ENTER);
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    out.raw(LEAVE);
    if (!keys.isTTY) return;
    keys.off('data', onKey);
    keys.setRawMode(false);
    // Nothing is read any more: else the program would wait for a key.
    keys.pause();
  };
  // A second Ctrl-C, too, leaves the terminal as it was.
  atExit(close);
  return {
    get width() {
      return out.width ?? 80;
    },
    left: AbortSignal.any([signal, leaving.signal]),
    paint: (colour, text) => out.paint(colour, text),
    show: (lines) => {
      const shown = lines.slice(0, out.height - 1);
      const cut = shown.length < lines.length ? [...shown.slice(0, -1), '…'] : shown;
      out.raw(HOME + cut.map((line) => `${line}${REST_OF_LINE}\r\n`).join('') + REST_OF_PAGE);
    },
    close,
  };
}
