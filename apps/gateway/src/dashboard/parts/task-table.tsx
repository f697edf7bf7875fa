import type { TaskSummary } from '@goflow/sdk';
import type { VNode } from 'preact';
import { oneLine } from './foreign.js';
import { hrefOf, taskPath } from './href.js';
import { State } from './state.js';
import { Time } from './time.js';

/** Tasks, one a row; on a narrow screen one below the other. */
export function TaskTable({ tasks }: { tasks: readonly TaskSummary[] }): VNode {
  return (
    <div class="scroll">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Task</th>
            <th scope="col">Queue</th>
            <th scope="col" class="number">
              Attempts
            </th>
            <th scope="col">Pushed</th>
            <th scope="col">Ended</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((task) => (
            <Row task={task} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ task }: { task: TaskSummary }): VNode {
  const { id, type, queue, status, attempts, tags, pushedAt, finishedAt, failure } = task;
  return (
    <tr>
      <td>
        <State state={status} />
      </td>
      <td class="task">
        <a href={hrefOf(taskPath(id))} data-key={id}>
          <bdi>{oneLine(type)}</bdi> <code>{oneLine(id)}</code>
        </a>
        {tags.map((tag) => (
          <span class="tag">{oneLine(tag)}</span>
        ))}
      </td>
      <td data-label="Queue">{oneLine(queue)}</td>
      <td data-label="Attempts" class="number">
        {attempts}
      </td>
      <td data-label="Pushed" class="time">
        <Time at={pushedAt} />
      </td>
      <td data-label="Ended" class="time">
        {finishedAt && <Time at={finishedAt} />}
      </td>
      <td class="long">{failure && oneLine(`${failure.name}: ${failure.message}`)}</td>
    </tr>
  );
}
