import { redactPayload, type TaskInfo, type Tasks } from '@goflow/sdk';
import { canBeHeldUp, ENCRYPTED_TEXT, heldUpBy, isFinal } from '@goflow/shared';
import type { ComponentChildren, VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import type { FleetWatch } from '../fleet/fleet-watch.js';
import type { Page } from '../page.js';
import { taskPath } from '../parts/href.js';
import { Json } from '../parts/json.js';
import { TaskActions } from './task-actions.js';
import { Facts } from './task-facts.js';
import { Attempts, Failure, Log } from './task-history.js';

/** All about one task. */
export function taskPage({ goflow, tasks }: GatewayDeps, watch: FleetWatch): Page {
  return {
    path: '/tasks/:id',
    section: 'tasks',
    show: async ({ params: { id = '' }, role }) => {
      const task = await goflow.inspector.get(id);
      if (!task) return undefined;
      return {
        title: `Task ${task.id}`,
        body: (
          <>
            <TaskActions task={task} role={role} />
            <Facts
              task={task}
              heldUp={await heldUp(task, watch)}
              maxAttempts={tasks.contracts.get(task.type)?.maxAttempts}
            />
            <Parts task={task} tasks={tasks} />
          </>
        ),
        isFinal: isFinal(task.status),
      };
    },
  };
}

/** A hint only: nothing where the fleet cannot be looked at. */
async function heldUp(task: TaskInfo, watch: FleetWatch): Promise<string | undefined> {
  if (!canBeHeldUp(task)) return undefined;
  const view = await watch.look().catch(() => undefined);
  return view && heldUpBy(task, view);
}

function Parts({ task, tasks }: { task: TaskInfo; tasks: Tasks }): VNode {
  const { id, failure, history, log } = task;
  const api = taskPath(id);
  return (
    <>
      <Part name="failure">{failure && <Failure failure={failure} />}</Part>
      <Part name="progress">{progressOf(task)}</Part>
      <Part name="attempts">{history.length > 0 && <Attempts history={history} />}</Part>
      <Part name="log">{log.length > 0 && <Log log={log} />}</Part>
      <Part name="payload">
        <Value value={redactPayload(tasks, task.type, task.payload)} name="payload" api={api} />
      </Part>
      <Part name="result">{resultOf(task, api)}</Part>
    </>
  );
}

/** Always there, so that the page keeps its parts while it is told anew; empty it is not shown. */
function Part({ name, children }: { name: string; children: ComponentChildren }): VNode {
  const isEmpty = children === undefined || children === false;
  return (
    <section aria-labelledby={`${name}-title`} hidden={isEmpty}>
      <h2 id={`${name}-title`}>{`${name[0]?.toUpperCase()}${name.slice(1)}`}</h2>
      {children}
    </section>
  );
}

function Value({ value, name, api }: { value: unknown; name: string; api: string }): VNode {
  if (value === ENCRYPTED_TEXT)
    return (
      <p class="muted">It is encrypted, and this gateway was not given the key to read it with.</p>
    );
  return <Json value={value} id={`${name}-json`} api={api} />;
}

function progressOf({ progress, id }: TaskInfo): VNode | undefined {
  if (progress === undefined) return undefined;
  if (typeof progress === 'number' && progress >= 0 && progress <= 100)
    return (
      <p class="bar">
        <progress max={100} value={progress} aria-label="Progress" /> {`${progress} %`}
      </p>
    );
  return <Value value={progress} name="progress" api={taskPath(id)} />;
}

function resultOf(task: TaskInfo, api: string): VNode | undefined {
  const { status, isStored, result } = task;
  if (status !== 'completed') return undefined;
  if (isStored)
    return (
      <p class="muted">
        It is in the result store: <code>{`GET ${api}/result`}</code> of the API gives it.
      </p>
    );
  if (result === undefined) return <p class="muted">Its handler returned nothing.</p>;
  return <Value value={result} name="result" api={`${api}/result`} />;
}
