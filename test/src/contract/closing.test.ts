import { defineTasks } from '@goflow/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokers } from './worlds.js';

const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });

onBothBrokers((open) => {
  test('what is pushed right before the client is closed gets in', async () => {
    const world = open();
    const goflow = world.client(tasks);
    // It has its connection.
    await goflow.push('repeater', 'before');
    const pushing = [
      goflow.push('repeater', 'a'),
      goflow.push('repeater', 'b'),
      goflow.pushMany('repeater', ['c', 'd']),
      goflow.pushMany('repeater', ['e', 'f'], { chunk: 2 }),
    ];
    const closing = goflow.close();
    await Promise.all(pushing);
    await closing;
    expect(await world.client(tasks).counts()).toMatchObject({ waiting: 7 });
  });
});
