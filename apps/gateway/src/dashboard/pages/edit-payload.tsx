import { parseJson } from '@goflow/http';
import { redactPayload, type TaskInfo } from '@goflow/sdk';
import { ENCRYPTED_TEXT, findJsonFault, isGoflowError } from '@goflow/shared';
import type { VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import { MAX_DEPTH } from '../../requests/payload-limits.js';
import { may } from '../../roles.js';
import type { Action, ActionDone, AskedAgain, Page, PageContent } from '../page.js';
import { oneLine, prettyJson, visible } from '../parts/foreign.js';
import { hrefOf, taskPath } from '../parts/href.js';
import { putBack } from '../redacted-edit.js';
import { notChanged, REDRIVEN } from './task-actions.js';

/** Larger ones are no longer a pleasure to edit in a browser. */
const MAX_EDITED = 256 * 1024;

/** A dead letter’s payload in a field, to be redriven with another. */
export function editPage(deps: GatewayDeps): Page {
  return {
    path: '/tasks/:id/edit',
    section: 'tasks',
    show: async ({ params: { id = '' }, role }) => {
      const task = await deps.goflow.inspector.get(id);
      if (!task || !may(role, 'operate')) return undefined;
      return formOf(task, { text: textOf(task, deps) });
    },
  };
}

/** Redrives with what was filled in; shows it again where it is wrong. */
export function editAction(deps: GatewayDeps): Action {
  const { goflow, logger } = deps;
  return {
    path: '/tasks/:id/edit',
    role: 'operate',
    maxForm: 4 * MAX_EDITED,
    run: async ({ params: { id = '' }, form, by }): Promise<ActionDone | AskedAgain> => {
      const task = await goflow.inspector.get(id);
      if (!task) return notChanged(id, 'unknown');
      // A form sends line breaks as CR and LF.
      const text = (form.payload ?? '').replaceAll('\r\n', '\n');
      const fault = findJsonFault(text);
      if (fault) return askAgain(task, { text, fault });
      try {
        const redacted = redactPayload(deps.tasks, task.type, task.payload);
        const edited = parseJson(text, MAX_DEPTH);
        const payload = putBack(edited, { original: task.payload, redacted });
        const { found, redriven } = await goflow.inspector.deadLetters.redrive(id, { payload });
        logger.info({ id, by, redriven }, 'a task was redriven with another payload');
        return redriven ? { back: taskPath(id), notice: REDRIVEN } : notChanged(id, found);
      } catch (error) {
        if (!isOfPayload(error)) throw error;
        return askAgain(task, { text, wrong: error.message });
      }
    },
  };
}

const isOfPayload = (error: unknown) =>
  isGoflowError(error, 'REQUEST_INVALID') ||
  isGoflowError(error, 'PAYLOAD_INVALID') ||
  isGoflowError(error, 'PAYLOAD_NOT_SERIALIZABLE') ||
  isGoflowError(error, 'PAYLOAD_TOO_LARGE') ||
  isGoflowError(error, 'TASK_TYPE_UNKNOWN');

interface Edited {
  /** `undefined` for a payload that cannot be edited here. */
  readonly text: string | undefined;
  readonly fault?: Fault;
  readonly wrong?: string;
}

type Fault = NonNullable<ReturnType<typeof findJsonFault>>;

/** Without its key it is not known: it can only be replaced. */
function textOf({ payload, type }: TaskInfo, { tasks }: GatewayDeps): string | undefined {
  if (payload === ENCRYPTED_TEXT || payload === undefined) return '';
  const text = prettyJson(redactPayload(tasks, type, payload));
  return text.length > MAX_EDITED || text === '' ? undefined : text;
}

const askAgain = (task: TaskInfo, edited: Edited): AskedAgain => ({
  again: formOf(task, edited),
  section: 'tasks',
});

const formOf = (task: TaskInfo, edited: Edited): PageContent => ({
  title: `Another payload for ${task.type}`,
  body: <Form task={task} edited={edited} />,
  isFinal: true,
});

function Form({ task, edited }: { task: TaskInfo; edited: Edited }): VNode {
  const { id, payload } = task;
  const { text, fault, wrong } = edited;
  const path = taskPath(id);
  if (text === undefined)
    return (
      <p class="empty">
        This payload is too large to be edited here:{' '}
        <code>{`POST /dead-letters/${id}/redrive`}</code> of the API, or <code>goflow retry</code>,
        take another. <a href={hrefOf(path)}>Back</a>
      </p>
    );
  return (
    <form method="post" action={hrefOf(`${path}/edit`)} class="edit" autocomplete="off">
      <p>
        The task <code>{id}</code> goes back into its queue with this payload in place of its own.
      </p>
      {payload === ENCRYPTED_TEXT && (
        <p class="notice">
          Its payload is encrypted, and this gateway was not given the key: it can be replaced only.
        </p>
      )}
      {fault && <Mistake text={text} fault={fault} />}
      {wrong !== undefined && (
        <p class="notice bad" role="alert" id="mistake">
          {visible(wrong)}
        </p>
      )}
      <label>
        <span>
          Payload as JSON; what is <code>"[redacted]"</code> stays as it is
        </span>
        <textarea
          name="payload"
          rows={Math.min(Math.max(text.split('\n').length, 6), 30)}
          spellcheck={false}
          aria-describedby={fault || wrong !== undefined ? 'mistake' : undefined}
          value={text}
          autofocus={fault !== undefined || wrong !== undefined}
        />
      </label>
      <div class="row">
        <button type="submit">Redrive</button>
        <a href={hrefOf(path)}>Back to the task</a>
      </div>
    </form>
  );
}

/** Where it is no JSON, and what is there. */
function Mistake({ text, fault }: { text: string; fault: Fault }): VNode {
  const before = text.slice(0, fault.at);
  const start = before.lastIndexOf('\n') + 1;
  const column = fault.at - start;
  const [line = ''] = text.slice(start).split('\n', 1);
  const from = Math.max(0, column - 40);
  return (
    <div class="notice bad" role="alert" id="mistake">
      {`Line ${before.split('\n').length}, column ${column + 1}: expected ${fault.expected}.`}
      <br />
      <code>
        {oneLine(line.slice(from, column))}
        <mark>{oneLine(line.slice(column, column + 1)) || '▏'}</mark>
        {oneLine(line.slice(column + 1, column + 40))}
      </code>
    </div>
  );
}
