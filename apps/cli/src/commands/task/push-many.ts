import { PushIncompleteError } from '@goflow/sdk';
import {
  GoflowError,
  invalidOption,
  isGoflowError,
  type PushOptions,
  type Tasks,
} from '@goflow/shared';
import type { AnyGoflow } from '../../connection/connect.js';
import { contractIn } from '../../connection/contracts.js';
import { hintOfQueue } from '../../connection/untaken-queue.js';
import type { Context } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { type Line, lineBatches } from '../../input/line-batches.js';
import { type Input, openInput, readError } from '../../input/open-input.js';
import { parseJson } from '../../input/parse-json.js';
import { counted, plural } from '../../terminal/counts.js';
import type { Output } from '../../terminal/output.js';
import { Progress } from '../../terminal/progress.js';
import type { Patience } from './push-options.js';

/** What `goflow push --many` was told. */
export interface ManyGiven {
  readonly type: string;
  readonly tasks: Tasks;
  /** A file, or `-`. */
  readonly from: string;
  readonly push: PushOptions;
  readonly chunk: number | undefined;
  readonly patience: Patience | undefined;
}

/** Pushed at once: more would not be faster, and an error would come later. */
const AT_ONCE = 1_000;

/** `goflow push --many`: one task for each line. What stands before a line that is refused is pushed, what stands behind it is not. */
export async function pushMany(given: ManyGiven, context: Context): Promise<ExitCode> {
  const { chunk, tasks, from } = given;
  if (chunk !== undefined && !(Number.isInteger(chunk) && chunk >= 1 && chunk <= AT_ONCE))
    throw invalidOption('--chunk', 'an integer from 1 to 1,000', chunk);
  const input = await openInput(from, context);
  const { broker, pushing } = await context.connect();
  const goflow = pushing(tasks);
  goflow.on('type:unhandled', () =>
    context.out.note(`no live worker has a handler of ${given.type}: the tasks wait for one`),
  );
  const { queue } = contractIn(tasks, given.type);
  await hintOfQueue(broker, queue, (text) => context.out.note(text));
  if (given.patience) {
    const { pushManyAndWait } = await import('./push-many-and-wait.js');
    return pushManyAndWait(goflow, { ...given, input, patience: given.patience }, context);
  }
  const run = new ManyRun(goflow, { ...given, input }, context);
  try {
    await run.all();
  } catch (error) {
    throw run.toError(readError(error, input.name, context.signal));
  } finally {
    input.stream.destroy();
  }
  return EXIT.done;
}

interface ManyPlan extends Omit<ManyGiven, 'from'> {
  readonly input: Input;
}

class ManyRun {
  readonly #goflow: AnyGoflow;
  readonly #plan: ManyPlan;
  readonly #out: Output;
  readonly #signal: AbortSignal;
  readonly #progress: Progress;
  /** Characters, as good as bytes. */
  #read = 0;
  #pushed = 0;

  constructor(goflow: AnyGoflow, plan: ManyPlan, { out, signal }: Context) {
    this.#goflow = goflow;
    this.#plan = plan;
    this.#out = out;
    this.#signal = signal;
    this.#progress = new Progress(out, 'pushed');
  }

  async all(): Promise<void> {
    const { input, type, tasks, chunk = contractIn(tasks, type).chunk } = this.#plan;
    const batches = lineBatches(input.stream, {
      // Only full chunks, but the last.
      lines: Math.ceil(AT_ONCE / chunk) * chunk,
      name: input.name,
    });
    for await (const batch of batches) {
      this.#signal.throwIfAborted();
      await this.#pushLines(batch);
      for (const { text } of batch) this.#read += text.length + 1;
      const share = input.size && this.#read / input.size;
      this.#progress.tell({ done: this.#pushed, share });
    }
    this.#progress.end();
    if (!this.#out.json && this.#out.isWatched) this.#out.note(`${counted(this.#pushed)} pushed`);
  }

  /** How far it came is a part of the error: those tasks are not to be pushed again. */
  toError(error: unknown): unknown {
    this.#progress.end();
    if (!(error instanceof GoflowError)) return error;
    const message = `${error.message}\n(${plural(this.#pushed, 'task')} pushed)`;
    const details = { ...(error.details as object), pushed: this.#pushed };
    return new GoflowError(error.code, message, { cause: error, details });
  }

  async #pushLines(lines: readonly Line[]): Promise<void> {
    const { input } = this.#plan;
    const payloads: unknown[] = [];
    let fault: unknown;
    for (const { text, number } of lines) {
      try {
        payloads.push(parseJson(text, { name: input.name, line: number }));
      } catch (error) {
        fault = error;
        break;
      }
    }
    await this.#push(lines, payloads);
    if (fault !== undefined) throw fault;
  }

  async #push(lines: readonly Line[], payloads: readonly unknown[]): Promise<void> {
    if (payloads.length === 0) return;
    const { type, push, chunk, input } = this.#plan;
    const options = chunk === undefined ? push : { ...push, chunk };
    try {
      await this.#tell(await this.#goflow.pushMany(type, payloads, options));
    } catch (error) {
      if (error instanceof PushIncompleteError) throw await this.#incomplete(lines, error);
      const index = indexIn(error);
      if (index === undefined) throw error;
      // All were refused for one of them.
      await this.#push(lines, payloads.slice(0, index));
      throw atLine(error as GoflowError, `${input.name}, line ${lines[index]?.number}`);
    }
  }

  async #incomplete(lines: readonly Line[], { outcomes }: PushIncompleteError): Promise<Error> {
    await this.#tell(outcomes.flatMap((outcome) => (outcome.pushed ? [outcome.id] : [])));
    const failed = outcomes.flatMap((outcome, at) =>
      outcome.pushed ? [] : [{ line: lines[at]?.number, error: outcome.error }],
    );
    const { error } = failed[0] ?? {};
    const code = isGoflowError(error) ? error.code : 'PUSH_INCOMPLETE';
    const some = failed.slice(0, 10).map(({ line }) => line);
    const more = failed.length > some.length ? ` and ${failed.length - some.length} more` : '';
    const message = `${this.#plan.input.name}: not pushed: lines ${some.join(', ')}${more}; ${error?.message}`;
    return new GoflowError(code, message, { cause: error });
  }

  async #tell(ids: readonly string[]): Promise<void> {
    const out = this.#out;
    this.#pushed += ids.length;
    const lines = out.json ? ids.map((id) => JSON.stringify({ id, deduplicated: false })) : ids;
    if (lines.length > 0) out.line(lines.join('\n'));
    await out.drained();
  }
}

/** Which payload of many an error is about. */
function indexIn(error: unknown): number | undefined {
  const { index } = (isGoflowError(error) ? (error.details ?? {}) : {}) as { index?: number };
  return index;
}

/** The error of one payload of many, named by its line. */
export function atLine({ code, message, details }: GoflowError, place: string): GoflowError {
  return new GoflowError(code, `${place}: ${message.replace(/^payloads\[\d+\]: /, '')}`, {
    details,
  });
}
