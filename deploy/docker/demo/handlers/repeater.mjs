import { defineHandler } from '@goflow/worker';
import { tasks } from '../tasks.mjs';

/** Gives back what it was given. */
export const repeater = defineHandler(tasks, 'repeater', async (payload) => payload);
