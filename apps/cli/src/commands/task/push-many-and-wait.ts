import {
  GoflowError,
  isGoflowError,
  parse,
  type TaskContract,
  type TaskResult,
  toFailure,
} from '@goflow/shared';
import type { AnyGoflow } from '../../connection/connect.js';
import { contractIn } from '../../connection/contracts.js';
import type { Context } from '../../context.js';
import { EXIT, type ExitCode, exitCodeOf } from '../../exit-code.js';
import { type Line, lineBatches } from '../../input/line-batches.js';
import { type Input, readError } from '../../input/open-input.js';
import { parseJson } from '../../input/parse-json.js';
import { counted, plural } from '../../terminal/counts.js';
import { Progress } from '../../terminal/progress.js';
import { whyManyLate } from './held-up.js';
import { exitOf } from './outcome.js';
import { atLine, type ManyGiven } from './push-many.js';
import type { Patience } from './push-options.js';

interface ManyToWaitFor extends Omit<ManyGiven, 'from'> {
  readonly input: Input;
  readonly patience: Patience;
}

/** What a line of the answer says. */
interface LineOutcome {
  readonly line: number;
}

const AT_ONCE = 1_000;
const MIN_CHUNKS_IN_FLIGHT = 10;
const NEEDED: ReadonlySet<string> = new Set([
  'BROKER_UNAVAILABLE',
  'BROKER_REFUSED',
  'CLIENT_CLOSED',
]);

/** Pushes a task for each line, and tells how each ended as it ends: one JSON a line. Ends with 1 when one did not complete. */
export async function pushManyAndWait(
  goflow: AnyGoflow,
  given: ManyToWaitFor,
  context: Context,
): Promise<ExitCode> {
  const { type, tasks, push, chunk, input, patience } = given;
  const { out, signal } = context;
  const contract = contractIn(tasks, type);
  const source = new Source(input, contract);
  const late = patience.ms === undefined ? undefined : AbortSignal.timeout(patience.ms);
  const inFlight = Math.max(AT_ONCE, MIN_CHUNKS_IN_FLIGHT * (chunk ?? contract.chunk));
  const progress = new Progress(out, 'ended');
  let [pushed, ended, failed, code]: [number, number, number, ExitCode] = [0, 0, 0, EXIT.done];
  goflow.on('task:pushed', () => {
    pushed += 1;
  });
  try {
    const outcomes = goflow.map(type, source.payloads(), {
      ...push,
      ...(chunk === undefined ? {} : { chunk }),
      inFlight,
      signal: late ? AbortSignal.any([signal, late]) : signal,
    });
    for await (const { index, id, result, error } of outcomes) {
      const line: LineOutcome = { line: source.takeLine(index) };
      const end = endOf(result, error);
      if (end !== EXIT.done) failed += 1;
      code = Math.max(code, end) as ExitCode;
      ended += 1;
      out.document(result ? { ...line, ...result } : { ...line, id, error: short(error) });
      await out.drained();
      progress.tell({
        done: ended,
        share: source.share,
        more: failed > 0 ? `${counted(failed)} failed` : undefined,
      });
    }
  } catch (error) {
    const isLeft = pushed > ended && (late?.aborted || signal.aborted);
    const why = isLeft ? await whyManyLate(contract, goflow) : undefined;
    if (why !== undefined) out.note(`held up: ${why}`);
    throw told(error, { ended, pushed, late, name: input.name, signal });
  } finally {
    progress.end();
    input.stream.destroy();
  }
  if (failed > 0) out.note(`${counted(failed)} of ${counted(ended)} tasks did not complete`);
  return code;
}

function endOf(result: TaskResult | undefined, error: Error | undefined): ExitCode {
  if (result) return exitOf(result);
  // No other line would fare better.
  if (isGoflowError(error) && NEEDED.has(error.code)) throw error;
  return isGoflowError(error, 'KEY_MISSING') ? EXIT.failed : exitCodeOf(error);
}

function short(error: Error | undefined): object {
  const { name, message, code } = toFailure(error);
  return { name, message, code };
}

interface Ending {
  readonly ended: number;
  readonly pushed: number;
  readonly late: AbortSignal | undefined;
  readonly name: string;
  readonly signal: AbortSignal;
}

function told(thrown: unknown, { ended, pushed, late, name, signal }: Ending): unknown {
  const error = readError(thrown, name, signal);
  if (!isGoflowError(error)) return error;
  const isLate = late?.aborted && !signal.aborted && error.code === 'WAIT_ABORTED';
  const why = isLate
    ? 'the time of --wait is over; the tasks that were pushed go on'
    : signal.aborted
      ? 'interrupted; the tasks that were pushed go on'
      : error.message;
  const code = isLate ? 'WAIT_TIMEOUT' : error.code;
  return new GoflowError(
    code,
    `${why}\n(${plural(pushed, 'task')} pushed, ${counted(ended)} of them ended)`,
    {
      cause: error,
      details: error.details,
    },
  );
}

/** Lines as payloads, each checked before the next is read: what stands behind a wrong one is not pushed. */
class Source {
  readonly #input: Input;
  readonly #contract: TaskContract;
  /** Of payloads under way: their line, and its length. */
  readonly #lines = new Map<number, readonly [number: number, length: number]>();
  /** Characters of what has ended, as good as bytes. */
  #ended = 0;

  constructor(input: Input, contract: TaskContract) {
    this.#input = input;
    this.#contract = contract;
  }

  get share(): number | undefined {
    const { size } = this.#input;
    return size && this.#ended / size;
  }

  takeLine(index: number): number {
    const [number, length] = this.#lines.get(index) ?? [0, 0];
    this.#lines.delete(index);
    this.#ended += length;
    return number;
  }

  async *payloads(): AsyncGenerator<unknown, void, undefined> {
    const { stream, name } = this.#input;
    let index = 0;
    for await (const batch of lineBatches(stream, { lines: AT_ONCE, name }))
      for (const line of batch) {
        const payload = parseJson(line.text, { name, line: line.number });
        await this.#check(payload, line);
        this.#lines.set(index, [line.number, line.text.length + 1]);
        index += 1;
        yield payload;
      }
  }

  async #check(payload: unknown, { number }: Line): Promise<void> {
    const { type, payload: schema, redact } = this.#contract;
    const subject = `payload of ${type}`;
    try {
      await parse(schema, payload, { code: 'PAYLOAD_INVALID', subject, redact });
    } catch (error) {
      if (!isGoflowError(error)) throw error;
      throw atLine(error, `${this.#input.name}, line ${number}`);
    }
  }
}
