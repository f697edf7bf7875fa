import type { TaskState } from '@goflow/sdk';
import type { VNode } from 'preact';

/** A state, or how an attempt ended: always as a word, too. */
export function State({ state }: { state: TaskState | 'retry' }): VNode {
  return <span class={`state ${state}`}>{state}</span>;
}
