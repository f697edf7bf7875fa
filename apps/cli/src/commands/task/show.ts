import { redactPayload, type TaskInfo, type Tasks } from '@goflow/sdk';
import type { RunCommand } from '../../command.js';
import { loadContracts } from '../../connection/contracts.js';
import type { Context } from '../../context.js';
import { EXIT } from '../../exit-code.js';
import { type Facts, factLines } from '../../terminal/facts.js';
import type { Output } from '../../terminal/output.js';
import { jsonText } from '../../terminal/printable.js';
import { formatTable } from '../../terminal/table.js';
import { spell } from '../../terminal/times.js';
import { whyHeldUp } from './held-up.js';
import { paintState, unknownTask } from './outcome.js';
import { failureText, HISTORY, logText, taskFacts, timeText } from './task-facts.js';

/** `goflow show <id>`, and `goflow dead show <id>` */
export const run: RunCommand = async ([id = ''], { reveal }, context) => {
  const { connect, out } = context;
  const { goflow } = await connect();
  const found = await goflow.inspector.get(id);
  if (!found) {
    if (out.json) out.document({ id, status: 'unknown' });
    else out.note(unknownTask(id));
    return EXIT.notFound;
  }
  const task = reveal === true ? found : await redacted(found, context);
  const heldUp = out.json ? undefined : await whyHeldUp(task, goflow);
  out.answer(task, () => linesOf(task, heldUp, out));
  return EXIT.done;
};

/** Without what the contract of its type says in `redact`; without a contract nobody knows what that is. @throws OPTION_INVALID */
async function redacted(task: TaskInfo, { settings }: Context): Promise<TaskInfo> {
  const { type, payload } = task;
  const tasks = await contractsAbout(type, settings.tasks);
  return tasks ? { ...task, payload: redactPayload(tasks, type, payload) } : task;
}

/** Both are loaded only where they are needed. */
async function contractsAbout(type: string, file: string | undefined): Promise<Tasks | undefined> {
  if (type === 'exec') return (await import('@goflow/commands')).defineExecTasks();
  if (file === undefined) return undefined;
  return loadContracts(file);
}

function linesOf(task: TaskInfo, heldUp: string | undefined, out: Output): string[] {
  const { status, failure, history, log, progress, payload } = task;
  return [
    paintState(out, status),
    ...factLines([['held up', heldUp], ...factsOf(task)], out),
    ...section('payload', [jsonText(payload, 2)], out),
    ...section('attempts', history.length > 0 ? formatTable(history, HISTORY, out) : [], out),
    ...section(
      'log',
      log.map((entry) => logText(entry, out)),
      out,
    ),
    ...section('progress', progress === undefined ? [] : [jsonText(progress, 2)], out),
    ...section('failure', failure ? failureText(failure) : [], out),
    ...section('result', resultOf(task), out),
    ...(task.reason === undefined
      ? []
      : ['', `(goflow retry ${task.id} runs it again; goflow dead discard ${task.id} removes it)`]),
  ];
}

function section(title: string, lines: readonly string[], out: Output): readonly string[] {
  return lines.length === 0 ? [] : ['', out.paint('bold', title), ...lines];
}

function resultOf({ result, isStored, status }: TaskInfo): string[] {
  if (isStored) return ['(in the result store)'];
  return status === 'completed' && result !== undefined ? [jsonText(result, 2)] : [];
}

function factsOf(task: TaskInfo): Facts {
  const { id, queue, tags, priority, starts, stalls, worker, reason, fingerprint } = task;
  return [
    ['id', id],
    ['queue', queue],
    ...taskFacts(task),
    ['starts', String(starts)],
    ['stalls', stalls > 0 ? String(stalls) : undefined],
    ['worker', worker],
    ['tags', tags.length > 0 ? tags.join(' ') : undefined],
    ['priority', priority > 0 ? String(priority) : undefined],
    ...optionFacts(task.options),
    ['died of', reason],
    ['fingerprint', fingerprint],
  ];
}

function optionFacts(options: TaskInfo['options']): Facts {
  const { maxAttempts, backoff, timeoutMs, dueAt, startBy, deadline } = options;
  const { retention, deduplicationKey, traceparent } = options;
  const time = (at: Date | undefined): string | undefined => at && timeText(at);
  return [
    ['max attempts', maxAttempts === undefined ? undefined : String(maxAttempts)],
    ['backoff', backoff && `${backoff.type} from ${spell(backoff.delayMs)}`],
    ['task timeout', timeoutMs === undefined ? undefined : spell(timeoutMs)],
    ['due', time(dueAt)],
    ['start by', time(startBy)],
    ['deadline', time(deadline)],
    [
      'retention',
      retention && `completed ${spell(retention.completedMs)}, failed ${spell(retention.failedMs)}`,
    ],
    ['deduplication key', deduplicationKey],
    ['traceparent', traceparent],
  ];
}
