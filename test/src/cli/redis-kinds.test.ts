import { createGoflow } from '@goflow/sdk';
import { askRedis, freePort, RedisCluster, RedisSentinels, RedisServer } from '@goflow/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runWorkerIn, urlOf } from '../support/program.js';
import { runCli } from './cli.js';
import { folderWith } from './folder.js';

const LOGIN = 'shop:%2Fp%40ss';
const giveLogin = (server: RedisServer): Promise<unknown> =>
  askRedis(server, 'ACL', 'SETUSER', 'shop', 'on', '>/p@ss', '~*', '&*', '+@all');
const usersOf = async (server: RedisServer): Promise<string> =>
  String(await askRedis(server, 'CLIENT', 'LIST'));
