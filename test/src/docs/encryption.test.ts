import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMemoryBroker } from '@goflow/broker/memory';
import { createGoflow, defineTasks, type EncryptionOptions } from '@goflow/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { ROOT } from '../../../scripts/run-program.mjs';

/** The option as the page makes it, with a key file of one's own. */
async function optionOfPage(keyFile: string, folder: string): Promise<EncryptionOptions> {
  const page = await readFile(join(ROOT, 'docs/encryption.md'), 'utf8');
  const [, code = ''] = /```ts\n(const encryption = .*?\n\};\n)/s.exec(page) ?? [];
  const module = join(folder, 'example.mjs');
  const own = code.replace('/run/secrets/k2026', keyFile);
  expect(own).toContain(keyFile);
  await writeFile(
    module,
    `import { readFileSync } from 'node:fs';\n${own}export { encryption };\n`,
  );
  const { encryption } = (await import(pathToFileURL(module).href)) as {
    encryption: EncryptionOptions;
  };
  return encryption;
}

test('the first example of the page takes the file that `openssl rand -base64 32` makes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goflow-docs-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'k2026');
  await writeFile(file, `${randomBytes(32).toString('base64')}\n`);
  const broker = createMemoryBroker();
  const tasks = defineTasks({ echo: { payload: z.string(), result: z.string() } });
  const open = (encryption?: EncryptionOptions) => {
    const goflow = createGoflow({ tasks, broker: broker.openClient(), encryption });
    onTestFinished(() => goflow.close());
    return goflow;
  };
  const goflow = open(await optionOfPage(file, folder));
  const id = await goflow.push('echo', 'secret');
  expect(await goflow.inspector.get(id)).toMatchObject({ payload: 'secret' });
  expect(await open().inspector.get(id)).toMatchObject({ payload: '(encrypted)' });
});
