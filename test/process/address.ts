// Where the gateway serves at the moment, for clients that outlive it.

/** Between a kill and the next start nobody knows: calls then wait. */
export class Address {
  #set: (url: string) => void = () => {};
  #current: Promise<string> = this.#unknown();

  get current(): Promise<string> {
    return this.#current;
  }

  set(url: string): void {
    this.clear();
    this.#set(url);
  }

  clear(): void {
    const waiting = this.#set;
    this.#current = this.#unknown();
    // Who waited for the one before waits for the next.
    this.#current.then(waiting);
  }

  #unknown(): Promise<string> {
    return new Promise((resolve) => {
      this.#set = resolve;
    });
  }
}
