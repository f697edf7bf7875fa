import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ChildProgram, startProgram } from '@goflow/testing';

/** A `goflow-gateway` that answers. */
export interface GatewayProcess {
  readonly url: string;
  readonly token: string;
  readonly program: ChildProgram;
}

/** Starts `goflow-gateway --tasks tasks.js --redis … --port 0`, with a token in its environment. @throws Error with its output when it ends instead */
export async function startGatewayProcess(
  tasks: URL,
  redis: { readonly url: string; readonly prefix: string },
): Promise<GatewayProcess> {
  const token = 'a token of your own';
  const flags = ['--tasks', fileURLToPath(tasks), '--redis', redis.url, '--prefix', redis.prefix];
  const env = { GOFLOW_OPERATE_TOKEN: token };
  const program = startProgram(goflowGateway(), [...flags, '--port', '0'], { env });
  try {
    const [, url = ''] = await program.line(/"url":"(http:[^"]+)"/);
    return { url, token, program };
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** The program of the installed package, as `npx goflow-gateway` finds it. */
function goflowGateway(): string {
  const manifest = new URL(import.meta.resolve('@goflow/gateway/package.json'));
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> };
  return fileURLToPath(new URL(bin['goflow-gateway'] ?? '', manifest));
}
