import { expect, test } from 'vitest';
import { keyBytes, readInfo } from './costs.js';

const INFO = `# Stats
total_commands_processed:1234
# CPU
used_cpu_sys:0.500000
used_cpu_user:1.250000
used_cpu_sys_children:9.000000
used_cpu_user_main_thread:7.000000
# Commandstats
cmdstat_evalsha:calls=40,usec=1,usec_per_call=1.00
cmdstat_eval:calls=2,usec=1,usec_per_call=1.00
cmdstat_hset:calls=100,usec=1,usec_per_call=1.00
`.replaceAll('\n', '\r\n');

test('CPU, commands and calls of scripts are read from INFO', () => {
  expect(readInfo(INFO)).toEqual({ redisCpuUs: 1_750_000, commands: 1234, scriptCalls: 42 });
});

test('an INFO without them is no zero', () => {
  expect(() => readInfo('# CPU\r\nused_cpu_sys:0.5\r\n')).toThrow('says no used_cpu_user');
});

test('the memory of keys is what neither connections nor scripts take', () => {
  const info = 'used_memory:1000\r\nused_memory_rss:9\r\nmem_clients_normal:200\r\n';
  expect(keyBytes(info)).toBe(800);
  expect(keyBytes(`${info}used_memory_scripts_eval:7\r\nused_memory_scripts:50\r\n`)).toBe(750);
});
