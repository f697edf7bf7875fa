import type { TaskInfo } from '@goflow/sdk';
import { isFinal } from '@goflow/shared';
import type { VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import { may, type Role } from '../../roles.js';
import type { Action } from '../page.js';
import { hrefOf, taskPath } from '../parts/href.js';

/** What can be done with a task as it is, by who may do it. */
export function TaskActions({ task, role }: { task: TaskInfo; role: Role }): VNode {
  const { status, id } = task;
  const path = taskPath(id);
  const isOpen = !isFinal(status);
  const isDead = !isOpen && status !== 'completed';
  return (
    <div class="row actions">
      {isOpen && may(role, 'push') && (
        <Button action={`${path}/cancel`} text="Cancel" confirm="Cancel this task for good?" />
      )}
      {isDead && may(role, 'operate') && (
        <>
          <Button action={`${path}/redrive`} text="Redrive" />
          <a class="button" href={hrefOf(`${path}/edit`)}>
            Edit payload and redrive
          </a>
          <Button
            action={`${path}/discard`}
            text="Discard"
            confirm="Remove this task, its payload and its history for good?"
          />
        </>
      )}
    </div>
  );
}

function Button(given: { action: string; text: string; confirm?: string }): VNode {
  const { action, text, confirm } = given;
  return (
    <form method="post" action={hrefOf(action)}>
      <button
        type="submit"
        class={confirm ? 'danger' : undefined}
        data-key={text}
        data-confirm={confirm}
      >
        {text}
      </button>
    </form>
  );
}

/** What the buttons do. */
export function taskActions({ goflow, logger }: GatewayDeps): readonly Action[] {
  const { deadLetters } = goflow.inspector;
  return [
    {
      path: '/tasks/:id/cancel',
      role: 'push',
      run: async ({ params: { id = '' }, by }) => {
        const { found, effect } = await goflow.cancel(id, { reason: `by ${by}` });
        logger.info({ id, by, effect }, 'a task was cancelled on the dashboard');
        if (found === 'unknown') return { back: '/tasks', notice: GONE };
        return { back: taskPath(id), notice: CANCELLED[effect] };
      },
    },
    {
      path: '/tasks/:id/redrive',
      role: 'operate',
      run: async ({ params: { id = '' }, by }) => {
        const { found, redriven } = await deadLetters.redrive(id);
        logger.info({ id, by, redriven }, 'a task was redriven on the dashboard');
        return redriven ? { back: taskPath(id), notice: REDRIVEN } : notChanged(id, found);
      },
    },
    {
      path: '/tasks/:id/discard',
      role: 'operate',
      run: async ({ params: { id = '' }, by }) => {
        const { found, discarded } = await deadLetters.discard(id);
        logger.info({ id, by, discarded }, 'a task was discarded on the dashboard');
        if (!discarded) return notChanged(id, found);
        return { back: '/dead-letters', notice: 'The task is gone.' };
      },
    },
  ];
}

const GONE = 'There is no such task any more.';
export const REDRIVEN = 'The task is back in its queue.';
const CANCELLED = {
  cancelled: 'The task is cancelled.',
  requested: 'Its worker was told to stop; it is cancelled unless it is faster.',
  none: 'It had ended before: there was nothing to cancel.',
} as const;

/** Somebody was faster. */
export function notChanged(id: string, found: string): { back: string; notice: string } {
  if (found === 'unknown') return { back: '/tasks', notice: GONE };
  return { back: taskPath(id), notice: `Nothing was done: the task is ${found} now.` };
}
