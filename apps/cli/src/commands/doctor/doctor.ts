import { examineRedis } from '@goflow/broker';
import { DEFAULT_PREFIX } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { loadContracts } from '../../connection/contracts.js';
import { diagnose } from '../../doctor/diagnose.js';
import type { Finding, KnownTypes } from '../../doctor/finding.js';
import { reportLines } from '../../doctor/report.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { namedByFlag, textOf, toDuration } from '../../input/given.js';

/** `goflow doctor` */
export const run: RunCommand = async (_args, options, { settings, out, signal }) => {
  const { redis, prefix = DEFAULT_PREFIX, timeout, tasks } = settings;
  const contracts = await contractsOf(tasks);
  const text = textOf(options, 'watch');
  const watch = text === undefined ? undefined : toDuration(text);
  const queues = [...new Set(contracts.values())];
  try {
    const facts = await examineRedis({ redis, prefix, timeout, watch, queues, signal });
    const findings = diagnose(facts, contracts);
    out.answer({ prefix, watchMs: facts.watchMs, findings }, () => reportLines(findings, out));
    return exitCodeFor(findings, options.strict === true);
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    throw namedByFlag(error, { watch: '--watch' });
  }
};

async function contractsOf(file: string | undefined): Promise<KnownTypes> {
  if (file === undefined) return new Map();
  const { contracts } = await loadContracts(file);
  return new Map([...contracts].map(([type, { queue }]) => [type, queue]));
}

function exitCodeFor(findings: readonly Finding[], isStrict: boolean): ExitCode {
  const isBad = findings.some(
    ({ level }) => level === 'problem' || (isStrict && level === 'warning'),
  );
  return isBad ? EXIT.failed : EXIT.done;
}
