/** CPU of this process in microseconds since it began, user and system. */
export function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
