/** A program that can install others. */
export interface PackageManager {
  readonly program: string;
  /** Whether it must run as root. brew must not. */
  readonly asRoot: boolean;
  /** Run first; a failure here is not fatal, since the packages may be known already. */
  readonly refresh?: readonly string[] | undefined;
  /** The command that installs a package. */
  readonly install: (packageName: string) => readonly string[];
}

/** What decides which manager is usable. */
export interface InstallRights {
  readonly isRoot: boolean;
  readonly canSudo: boolean;
  has(program: string): boolean;
}

const POLICY = '/usr/sbin/policy-rc.d';

const MANAGERS: readonly PackageManager[] = [
  {
    program: 'apt-get',
    asRoot: true,
    refresh: ['apt-get', 'update'],
    install: (name) => aptInstall(name, POLICY),
  },
  ...['dnf', 'yum'].map((program) => ({
    program,
    asRoot: true,
    install: (name: string) => [program, 'install', '-y', name],
  })),
  { program: 'apk', asRoot: true, install: (name) => ['apk', 'add', '--no-cache', name] },
  {
    program: 'pacman',
    asRoot: true,
    install: (name) => ['pacman', '-Sy', '--noconfirm', '--needed', name],
  },
  { program: 'brew', asRoot: false, install: (name) => ['brew', 'install', name] },
];

/** The first manager of this machine that may be run without asking anyone. */
export function choosePackageManager(rights: InstallRights): PackageManager | undefined {
  const usable = ({ asRoot }: PackageManager) =>
    asRoot ? rights.isRoot || rights.canSudo : !rights.isRoot;
  return MANAGERS.find((manager) => rights.has(manager.program) && usable(manager));
}

/**
 * Debian starts a server (redis-server, Postgres) when its package is installed, unless the file `policy` forbids it: it is
 * written for the time of the installation only, and one that exists is left alone.
 */
export function aptInstall(packageName: string, policy: string): readonly string[] {
  const forbid = [
    `trap 'rm -f ${policy}' EXIT`,
    `trap 'exit 130' INT TERM`,
    `printf '#!/bin/sh\\nexit 101\\n' > ${policy}`,
    `chmod 755 ${policy}`,
  ].join('; ');
  const install =
    'DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ' +
    `-o DPkg::Lock::Timeout=120 ${packageName}`;
  return ['sh', '-c', `if [ ! -e ${policy} ]; then ${forbid}; fi; ${install}`];
}
