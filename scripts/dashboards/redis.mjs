// How Redis is, as goflow sees it.
import { board } from './board.mjs';
import { I, MEMORY_RATIO, quantile, rate } from './expressions.mjs';
import { LIMITS } from './limits.mjs';
import { graph } from './panel.mjs';

const ANSWERS = [
  graph({
    title: 'Reachable',
    says: '1 where Redis answers the process within a second. 0 in all: Redis is away. 0 in some: their network. Workers come back by themselves; goflow doctor says what is wrong.',
    max: 1,
    lines: [[`min by (instance) (goflow_broker_up{${I}})`, '{{instance}}']],
  }),
  graph({
    title: 'Round trip',
    says: 'How long Redis takes to answer a sign of life. Above some 10 ms everything is slow: a network in between, a busy machine, or commands that take long (SLOWLOG GET).',
    unit: 's',
    lines: [
      [quantile(0.5, `goflow_broker_round_trip_seconds_bucket{${I}}`), 'p50'],
      [quantile(0.99, `goflow_broker_round_trip_seconds_bucket{${I}}`), 'p99'],
    ],
  }),
  graph({
    title: 'Troubles',
    says: 'Connections lost and commands refused, by process: its log says which.',
    unit: 'cps',
    lines: [[rate(`goflow_broker_troubles_total{${I}}`, 'instance'), '{{instance}}']],
  }),
  graph({
    title: 'Data lost',
    says: 'Times that Redis had lost its data, all tasks and results, since the processes were started: docs/redis.md says what to do.',
    limit: 1,
    lines: [['max(goflow_broker_data_losses_total)', 'times']],
  }),
];

const MEMORY = [
  graph({
    title: 'Memory',
    says: 'Used, and allowed (maxmemory; 0: no limit). When it is full, every push fails: shorten the retention, discard dead letters, or give more.',
    unit: 'bytes',
    lines: [
      ['max by (node) (goflow_redis_memory_used_bytes)', '{{node}} used'],
      ['max by (node) (goflow_redis_memory_max_bytes)', '{{node}} allowed'],
    ],
  }),
  graph({
    title: 'Memory, of what is allowed',
    says: 'Above the line an alert fires. Empty where Redis has no limit: set one, below the memory of its machine.',
    unit: 'percentunit',
    max: 1,
    warn: LIMITS.GoflowRedisMemoryHigh,
    limit: LIMITS.GoflowRedisMemoryFull,
    lines: [[MEMORY_RATIO, '{{node}}']],
  }),
  graph({
    title: 'Eviction',
    says: 'May drop: 1 where Redis may drop keys to make room, and tasks with them. Set maxmemory-policy noeviction at once.',
    lines: [
      ['max by (node) (goflow_redis_evicts_keys)', '{{node}} may drop'],
      [rate('goflow_redis_evicted_keys_total', 'node'), '{{node}} drops a second'],
    ],
  }),
  graph({
    title: 'Connections',
    says: 'Open, and allowed (maxclients). docs/redis.md says how many a process needs.',
    lines: [
      ['max by (node) (goflow_redis_clients)', '{{node}} open'],
      ['max by (node) (goflow_redis_clients_max)', '{{node}} allowed'],
    ],
  }),
];

export const redis = () =>
  board({
    uid: 'goflow-redis',
    title: 'goflow Redis',
    says: 'How Redis is, as goflow sees it.',
    variables: ['instance'],
    page: '',
    rows: [
      ['Answers', ANSWERS],
      ['Memory and connections', MEMORY],
    ],
  });
