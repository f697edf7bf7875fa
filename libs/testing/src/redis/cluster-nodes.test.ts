import { expect, test } from 'vitest';
import { ownerOf, readNodes } from './cluster-nodes.js';

const OLD_VIEW = `aa 127.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-99 101 [100->-bb] [7-<-bb]
bb 127.0.0.1:7001@17001 master - 0 0 2 connected 100 200-300
cc 127.0.0.1:7002@17002,host slave,fail aa 0 0 1 disconnected
`;
const NEW_VIEW = `aa 127.0.0.1:7000@17000 master,fail - 0 0 1 disconnected
cc 127.0.0.1:7002@17002 myself,master - 0 0 3 connected 0-99 101
`;

test('reads who is who, and what they own', () => {
  const [first, second, third] = readNodes(OLD_VIEW);
  expect(first).toMatchObject({ id: 'aa', port: 7000, busPort: 17000, configEpoch: 1 });
  expect(first).toMatchObject({ isMaster: true, masterId: undefined });
  expect(first?.slots).toEqual([
    [0, 99],
    [101, 101],
  ]);
  expect(second?.slots).toEqual([
    [100, 100],
    [200, 300],
  ]);
  expect(third).toMatchObject({ port: 7002, isMaster: false, masterId: 'aa', slots: [] });
});

test.each([
  ['old first', OLD_VIEW + NEW_VIEW],
  ['new first', NEW_VIEW + OLD_VIEW],
])('of two that say they own a slot, the later one is right: %s', (_, views) => {
  const nodes = readNodes(views);
  expect(ownerOf(50, nodes)?.id).toBe('cc');
  expect(ownerOf(250, nodes)?.id).toBe('bb');
  expect(ownerOf(400, nodes)).toBeUndefined();
});
