import type { OptionSpec } from '../command.js';
import { SETTINGS } from './settings.js';

/** The options that every command has: they may stand before it and after it. */
export const SETTING_OPTIONS: readonly OptionSpec[] = [
  ...SETTINGS.map(({ flags, env, help }) => ({ flags, help: `${help} (env: ${env})` })),
  { flags: '--config <file>', help: 'settings, instead of the nearest .goflow.yaml' },
  { flags: '--json', help: 'answer in JSON: one document, or one a line where there are many' },
];
