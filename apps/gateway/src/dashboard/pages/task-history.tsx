import type { TaskAttempt, TaskFailure, TaskLogEntry } from '@goflow/sdk';
import { ENCRYPTED_TEXT, spell } from '@goflow/shared';
import type { VNode } from 'preact';
import { cut, oneLine, prettyJson, visible } from '../parts/foreign.js';
import { State } from '../parts/state.js';
import { Time } from '../parts/time.js';

/** How each attempt went, the last first. */
export function Attempts({ history }: { history: readonly TaskAttempt[] }): VNode {
  return (
    <div class="scroll">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col" class="number">
              Attempt
            </th>
            <th scope="col">Outcome</th>
            <th scope="col">Started</th>
            <th scope="col">Took</th>
            <th scope="col">Worker</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {history.toReversed().map((attempt) => (
            <Attempt attempt={attempt} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Attempt({ attempt }: { attempt: TaskAttempt }): VNode {
  const { attempt: number, outcome, startedAt, endedAt, worker, failure } = attempt;
  return (
    <tr>
      <td class="number" data-label="Attempt">
        {number}
      </td>
      <td>
        <State state={outcome} />
      </td>
      <td class="time" data-label="Started">
        <Time at={startedAt} />
      </td>
      <td class="time" data-label="Took">
        {endedAt && spell(Math.max(0, endedAt.getTime() - startedAt.getTime()))}
      </td>
      <td class="long" data-label="Worker">
        {worker && oneLine(worker)}
      </td>
      <td class="long">{failure && oneLine(`${failure.name}: ${failure.message}`, 500)}</td>
    </tr>
  );
}

/** The failure of the last attempt, and what caused it. */
export function Failure({ failure }: { failure: TaskFailure }): VNode {
  const causes: TaskFailure[] = [];
  for (let { cause } = failure; cause && causes.length < 5; cause = cause.cause) causes.push(cause);
  return (
    <div class="card">
      <OneFailure failure={failure} id="stack" />
      {causes.map((cause, index) => (
        <>
          <p class="muted">caused by</p>
          <OneFailure failure={cause} id={`stack-${index}`} />
        </>
      ))}
    </div>
  );
}

function OneFailure({ failure, id }: { failure: TaskFailure; id: string }): VNode {
  const { name, message, code, stack, details } = failure;
  return (
    <>
      <p class="failure">
        <strong class="bad">{oneLine(name)}</strong> <code>{oneLine(code)}</code>
      </p>
      <p class="message">{visible(message)}</p>
      {message === ENCRYPTED_TEXT && (
        <p class="muted">This gateway was not given the key to read the message with.</p>
      )}
      {details !== undefined && <pre>{cut(prettyJson(details), 8_192)}</pre>}
      {stack !== undefined && (
        <details id={id}>
          <summary>Stack</summary>
          <pre>{visible(stack)}</pre>
        </details>
      )}
    </>
  );
}

/** What its handler logged, the last line at the end. */
export function Log({ log }: { log: readonly TaskLogEntry[] }): VNode {
  return (
    <ol class="log">
      {log.map(({ at, level, message, attempt, fields }) => (
        <li>
          <Time at={at} /> <span class={`level ${level}`}>{level}</span>{' '}
          <span class="muted">{`attempt ${attempt}`}</span>{' '}
          <span class="line">{visible(message)}</span>
          {fields !== undefined && (
            <>
              {' '}
              <code>{cut(prettyJson(fields, 0), 2_048)}</code>
            </>
          )}
        </li>
      ))}
    </ol>
  );
}
