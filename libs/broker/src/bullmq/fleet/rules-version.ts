/**
 * `versionOf(rules, version)`: a text that is another one after every change of the rules that goflow makes; of those by hand, when there are
 * more or fewer of them. It never fails, whatever lies there.
 */
export const LUA_RULES_VERSION = `
local function versionOf(rules, version)
  local count, size = redis.pcall('GET', version), redis.pcall('HLEN', rules)
  return (type(count) == 'string' and count or '') .. ':' .. (type(size) == 'number' and size or '?')
end`;

/** The same text, of what lies at the key of the version and how many rules there are. */
export const versionText = (count: string | null, size: number): string => `${count ?? ''}:${size}`;
