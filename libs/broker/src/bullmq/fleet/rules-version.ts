/**
 * `versionOf(rules, version)`: a text that is another one after every change of the rules that goflow makes; of those by hand, when there are
 * more or fewer of them. It never fails, whatever lies there.
 */
export const LUA_RULES_VERSION = `
local function versionOf(rules, version)
  local count, size = redis.pcall('GET', version), redis.pcall('HLEN', rules)
  return (type(count) == 'string' and count or '') .. ':' .. (type(size) == 'number' and size or '?')
end`;
