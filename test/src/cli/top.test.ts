import { FaultProxy, RedisServer, testPrefix, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startInTerminal } from './cli.js';

test.each(['q', '\u0003'])(
  'top is left at once by %j while Redis hangs: the terminal is as it was',
  async (key) => {
    const server = await RedisServer.start();
    onTestFinished(() => server.stop());
    const proxy = await FaultProxy.start({ targetPort: server.port });
    onTestFinished(() => proxy.stop());
    const place = { redis: proxy.url(server.url), prefix: testPrefix() };
    const args = ['top', '--interval', '500ms', '--timeout', '20s'];
    const { shown, type, ended } = startInTerminal(place, args, { columns: 120 });
    await until(() => shown().includes('no worker is alive'), { what: 'the first look' });
    proxy.blackhole('down');
    const before = proxy.counters.bytesUp;
    await until(() => proxy.counters.bytesUp > before, { what: 'a look that hangs' });
    type(key);
    const typedAt = performance.now();
    expect(await ended).toBe(0);
    // Closing gives up after the timeout, which is far more.
    expect(performance.now() - typedAt).toBeLessThan(3_000);
    expect(shown()).toContain('\u001b[?25h\u001b[?1049l');
  },
);
