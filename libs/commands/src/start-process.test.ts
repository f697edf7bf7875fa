import { once } from 'node:events';
import { expect, test } from 'vitest';
import { startProcess } from './start-process.js';

/** Begins 20 commands at once, each of which runs longer than what is waited for when nothing runs; prints what became of each. */
const CROWD = `
import { once } from 'node:events';
import { ProcessGroup } from '${new URL('../dist/process-group.js', import.meta.url)}';
import { startProcess } from '${new URL('../dist/start-process.js', import.meta.url)}';
const command = { identifier: 'a', command: 'sleep', args: ['1'] };
const one = async () => {
  try {
    const child = await startProcess(command, { env: process.env, patienceMs: 300 });
    const group = new ProcessGroup(child.pid);
    await once(child, 'close');
    group.end();
    return 'ran';
  } catch (error) {
    return error.code;
  }
};
const ends = await Promise.all(Array.from({ length: 20 }, one));
console.log(JSON.stringify(ends));
`;

/** What a program of Node prints that may have so many files open. */
async function outputOf(source: string, files: number): Promise<string> {
  const script = `ulimit -n ${files}; exec "$0" --input-type=module -e "$1"`;
  const args = ['-c', script, process.execPath, source];
  const command = { identifier: 'a', command: 'sh', args };
  const child = await startProcess(command, { env: process.env });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr.on('data', (part: Buffer) => (output += part.toString()));
  await once(child, 'close');
  return output;
}

test('one that finds no room waits for those that run, however long they do', async () => {
  expect(JSON.parse(await outputOf(CROWD, 50))).toEqual(Array(20).fill('ran'));
});
