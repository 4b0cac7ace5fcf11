/**
 * Lets few through at a time.
 *
 * A signature is checked on Node's thread pool, but what goes before and after is not: 200 logins that arrive together would
 * hold up everybody else for as long as all of them take. Beyond the threads of the pool nothing is gained anyway.
 */
const THROUGH_MAX = 4;

export class Gate {
  private through = 0;
  private readonly waiting: (() => void)[] = [];

  async pass<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.through < THROUGH_MAX) this.through++;
    else await new Promise<void>((resolve) => void this.waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.through--;
      else next();
    }
  }
}
