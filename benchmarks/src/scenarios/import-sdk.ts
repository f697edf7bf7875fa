import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../quantile.js';
import { defineScenario } from '../scenario.js';
import type { SystemName } from '../systems/system.js';

const IMPORTS: Readonly<Record<SystemName, string>> = {
  goflow: "import { createGoflow } from '@goflow/sdk'",
  bullmq: "import { Queue } from 'bullmq'",
  'bee-queue': "import Queue from 'bee-queue'",
};

/** From where packages are found. */
const HERE = fileURLToPath(new URL('.', import.meta.url));

/** How long a process takes that only imports the SDK. */
export const importSdk = defineScenario({
  name: 'import-sdk',
  about: 'A fresh process imports the SDK: from the start of the process.',
  sizes: { full: { processes: 9 }, quick: { processes: 3 } },
  systems: ['goflow', 'bullmq', 'bee-queue'],
  figures: () => [
    {
      key: 'ms',
      title: 'import of the SDK',
      unit: 'ms',
      reach: { of: 'limit', is: '<=', than: 150 },
    },
  ],
  async measure({ system, size: { processes } }) {
    const times: number[] = [];
    const bare: number[] = [];
    for (let process = 0; process < processes; process += 1) {
      times.push(await timeOf(IMPORTS[system]));
      bare.push(await timeOf(''));
    }
    return { values: { ms: median(times), 'without any import, ms': median(bare) } };
  },
});

async function timeOf(imports: string): Promise<number> {
  const program = `${imports};process.stdout.write(String(performance.now()))`;
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: HERE });
  return Number(stdout);
}
