import { findChromium } from '@goflow/testing';
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Dialog,
  type Page,
} from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';

/** A real browser, one for a test file. */
export interface TestBrowser {
  /**
   * A page in a profile of its own, closed when the test ends, which then fails if the page was in trouble: a script or policy error, a
   * dialogue that nobody expected, a request to anywhere but this machine.
   */
  newPage(options?: BrowserContextOptions): Promise<TestPage>;
}

export interface TestPage {
  readonly page: Page;
  /** What went wrong in it until now. A test that expects trouble empties it: `troubles.length = 0`. */
  readonly troubles: string[];
  /** Answers the next question that the page asks. @returns the question */
  answerNext(answer: 'ok' | 'cancel'): Promise<string>;
}

// Nothing but what a test asks for: no look for updates, no sync, no second protocol.
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const LAUNCH_MS = 300_000;
const PATIENCE_MS = 60_000;

/** To be called at the top of a test file: Chromium is started before its tests and closed after them. */
export function openBrowser(): TestBrowser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: await findChromium(), args: ARGS });
  }, LAUNCH_MS);
  afterAll(() => browser?.close());
  return {
    newPage: async (options = {}) => {
      if (!browser) throw new Error('the browser is opened before the tests of a file');
      const context = await browser.newContext(options);
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const troubles = troublesOf(page);
      onTestFinished(async () => {
        await context.close();
        expect(troubles).toEqual([]);
      });
      return { page, troubles, answerNext: answersOf(page, troubles) };
    },
  };
}

function troublesOf(page: Page): string[] {
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(`script: ${error.message}`));
  // What the policy refuses is said here, too.
  page.on('console', (message) => {
    if (message.type() === 'error')
      troubles.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    const isOwn = hostname === '127.0.0.1' || hostname === 'localhost';
    if (/^(https?|wss?):$/.test(protocol) && !isOwn)
      troubles.push(`asked elsewhere: ${request.url()}`);
  });
  return troubles;
}

function answersOf(page: Page, troubles: string[]): TestPage['answerNext'] {
  const expected: ((dialog: Dialog) => Promise<void>)[] = [];
  page.on('dialog', (dialog) => {
    const answer = expected.shift();
    if (!answer) troubles.push(`a dialogue: ${dialog.message()}`);
    void (answer ? answer(dialog) : dialog.dismiss());
  });
  return (answer) =>
    new Promise((resolve) => {
      expected.push(async (dialog) => {
        await (answer === 'ok' ? dialog.accept() : dialog.dismiss());
        resolve(dialog.message());
      });
    });
}
