const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const GROUPS = 8;

/**
 * What an address counts as, where something is counted by address: an IPv4 address as itself, also in its IPv6 form; an IPv6 address as its
 * first 64 bits, because one who has one address of such a network has all of them.
 */
export function networkOf(address: string): string {
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [before = '', after] = address.toLowerCase().split('::');
  const groups = groupsOf(before);
  if (after !== undefined) {
    const rest = groupsOf(after);
    while (groups.length + rest.length < GROUPS) groups.push('0');
    groups.push(...rest);
  }
  return groups.slice(0, GROUPS / 2).join(':');
}

const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'));
