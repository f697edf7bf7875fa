import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { type Plan, readPlan } from './plan.js';

/** A saved plan. @throws Error that names the file */
export function readPlanFile(file: string): Plan {
  try {
    return readPlan(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`--replay ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Finds out before a long run whether its file can be written at the end. Leaves nothing behind. @throws Error that names flag and file */
export function checkWritable(flag: string, file: string | undefined): void {
  if (file === undefined) return;
  const wasThere = existsSync(file);
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw new Error(`${flag} ${file}: ${(error as Error).message}`, { cause: error });
  }
  if (!wasThere) rmSync(file);
}
