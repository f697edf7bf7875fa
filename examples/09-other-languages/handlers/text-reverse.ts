import { defineHandler } from '@goflow/worker';
import { tasks } from '../tasks.js';

export const reverse = defineHandler(tasks, 'text.reverse', ({ text }) => ({
  text: Array.from(text).reverse().join(''),
}));
