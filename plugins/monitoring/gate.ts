/** Lets only a few long searches go on at a time: each of them holds what it has found so far. */
export const SEARCHES_MAX = 8;

export class Gate {
  #underWay = 0;
  readonly #line: (() => void)[] = [];

  async run<Outcome>(search: () => Promise<Outcome>): Promise<Outcome> {
    if (this.#underWay >= SEARCHES_MAX) await new Promise<void>((resolve) => this.#line.push(resolve));
    else this.#underWay++;
    try {
      return await search();
    } finally {
      const next = this.#line.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
  }
}
