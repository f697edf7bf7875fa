import { installProgram } from '../machine/install-program.js';
import { type Machine, thisMachine } from '../machine/machine.js';

/** Where the programs of Prometheus are. */
export interface PrometheusPrograms {
  /** The server. */
  readonly prometheus: string;
  /** What checks and tests rules. */
  readonly promtool: string;
}

const PACKAGES = {
  'apt-get': ['prometheus'],
  dnf: ['golang-github-prometheus'],
  apk: ['prometheus'],
  pacman: ['prometheus'],
  brew: ['prometheus'],
};

/**
 * Finds Prometheus for the tests: `prometheus` and `promtool` on the PATH, else those that this machine's package manager installs, when that needs
 * no password and `GOFLOW_NO_INSTALL` is not set.
 *
 * @throws Error that says what to do when none of these is possible.
 */
export async function findPrometheus(
  machine: Machine = thisMachine(),
): Promise<PrometheusPrograms> {
  const find = () => (machine.find('promtool') ? machine.find('prometheus') : undefined);
  const wanted = { name: 'Prometheus', packages: PACKAGES, find, missing };
  const prometheus = find() ?? (await installProgram(machine, wanted));
  return { prometheus, promtool: machine.find('promtool') ?? '' };
}

function missing(why: string): Error {
  return new Error(
    'goflow tests its alerts and dashboards with Prometheus and there is none: install it (Debian: prometheus). It was ' +
      `not installed for you because ${why}`,
  );
}
