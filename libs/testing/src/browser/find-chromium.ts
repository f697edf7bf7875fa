import { installProgram } from '../machine/install-program.js';
import { type Machine, thisMachine } from '../machine/machine.js';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'] as const;
const PACKAGES = {
  'apt-get': ['chromium'],
  dnf: ['chromium'],
  apk: ['chromium'],
  pacman: ['chromium'],
};

/**
 * Finds a browser for the tests of pages: `chromium`, `chromium-browser` or `google-chrome` on the PATH, else Chromium, which this machine's
 * package manager installs, when that needs no password and `GOFLOW_NO_INSTALL` is not set. Gives its path.
 *
 * @throws Error that says what to do when none of these is possible.
 */
export async function findChromium(machine: Machine = thisMachine()): Promise<string> {
  const find = () => PROGRAMS.map((program) => machine.find(program)).find(Boolean);
  return (
    find() ??
    (await installProgram(machine, { name: 'Chromium', packages: PACKAGES, find, missing }))
  );
}

function missing(why: string): Error {
  return new Error(
    'goflow tests its pages in Chromium and there is none: install it (Debian: chromium). It was not installed for you ' +
      `because ${why}`,
  );
}
