import { type BullScript, fingerprintOf } from './bull-scripts.js';

/** How one of BullMQ's scripts is made into one that runs it for many tasks. */
export interface ForMany {
  /** BullMQ's name of the script. */
  readonly name: string;
  /** The SHA-256 of the only text that this was made for. */
  readonly sha256: string;
  /** Where its helper functions begin, and where its main part. */
  readonly helpers: string;
  readonly main: string;
  /**
   * Lua that defines `task(at)`: runs `body` with the keys and arguments that BullMQ would send for the task whose values begin at
   * `ARGV[at]`.
   */
  readonly task: string;
  /** The place in ARGV of the first task's values, and how many values a task has. */
  readonly first: number;
  readonly step: number;
  /** True when answers hold what is no text: then all that is text comes as buffers. @default false */
  readonly isPacked?: boolean;
  /** Lua that is run when all tasks are through. */
  readonly finally?: string;
}

/** Says why BullMQ's own calls have to do. */
export class UnknownScript extends Error {}

/**
 * The text of a script that does for many tasks, one after another, what BullMQ's script does for one: its helper functions are made
 * once, its main part becomes a function of KEYS and ARGV. Output: an answer for each task, which may be an error of that task's own.
 *
 * @throws UnknownScript when BullMQ's text is not the expected one
 */
export function scriptForMany(script: BullScript | undefined, many: ForMany): string {
  const lua = script?.lua ?? '';
  if (fingerprintOf(lua) !== many.sha256)
    throw new UnknownScript(`BullMQ's script ${many.name} is not the one that is known`);
  const helpersAt = lua.indexOf(many.helpers);
  const mainAt = lua.indexOf(many.main);
  return [
    PREAMBLE,
    lua.slice(helpersAt, mainAt),
    'local function body(KEYS, ARGV)',
    lua.slice(0, helpersAt),
    lua.slice(mainAt),
    'end',
    many.task,
    `for at = ${many.first}, #ARGV, ${many.step} do`,
    LOOP,
    many.finally ?? '',
    'return answers',
  ].join('\n');
}

/** BullMQ unpacks arguments that are tables; here they come as tables already. */
const PREAMBLE = `
local rcall = redis.call
local pack = cmsgpack.pack
local cmsgpack = {unpack = function(value) return value end}
local answers = {}`;

/**
 * Redis 7 gives an error as its text; older ones put the place in the script before it. A server that has become a replica refuses
 * every task: said once, as the error of the call, because that makes the client look for the new master.
 */
const LOOP = `
  local ok, answer = pcall(task, at)
  if not ok then
    local text = string.gsub(tostring(answer), '^@?user_script:%s*%d+:%s*', '')
    text = string.gsub(text, '^%-', '')
    if not string.find(text, '^[A-Z]+ ') then text = 'ERR ' .. text end
    answer = {err = text}
    if string.sub(text, 1, 9) == 'READONLY ' then return answer end
  end
  answers[#answers + 1] = answer or false
end`;
