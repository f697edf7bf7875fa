/**
 * Lets what came in one turn of the event loop go on together. Node hands over each request by itself, and pushes share a call of Redis only
 * with those beside them.
 */
export class Turn {
  #end: Promise<void> | undefined;

  /** Resolves when all sockets that had something to say in this turn have said it. */
  end(): Promise<void> {
    this.#end ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#end = undefined;
        resolve();
      });
    });
    return this.#end;
  }
}
