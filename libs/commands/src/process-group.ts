/** Groups whose command has not ended, by the id of their first process. */
const live = new Set<number>();

/** A command and all processes that it started and that stayed in its group. */
export class ProcessGroup {
  readonly #id: number;

  constructor(id: number) {
    this.#id = id;
    live.add(id);
  }

  /** Sends a signal to every process of the group. False where it cannot be sent: none is left, or they are another user's. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): boolean {
    return signalGroup(this.#id, signal);
  }

  /** The command has ended: what is left of its group is killed, and the group is forgotten. */
  end(): void {
    this.signal('SIGKILL');
    live.delete(this.#id);
  }
}

/** Whether any command of this process has not ended. */
export function hasLiveCommands(): boolean {
  return live.size > 0;
}

/** Kills all commands that run, with their groups. For a process that is about to exit; it waits for nothing. */
export function killLiveCommands(): void {
  for (const id of live) signalGroup(id, 'SIGKILL');
  live.clear();
}

function signalGroup(id: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-id, signal);
  } catch {
    return false;
  }
}
