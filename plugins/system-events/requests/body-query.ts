/** The options of a request as the monitor's endpoints ask for them: by the names that parameters have over HTTP. */
import type { MonitorQuery } from '../../monitoring/contract.ts';
import type { Options } from './decode.ts';

/** From a parameter's name to that of the option. Those that are not named are called alike. */
export type OptionNames = Readonly<Record<string, string>>;

const STATES = ['open', 'closed', 'all'];

export class BodyQuery implements MonitorQuery {
  readonly #options: Options;
  readonly #names: OptionNames;

  constructor(options: Options, names: OptionNames) {
    this.#options = options;
    this.#names = names;
  }

  text(name: string): string {
    const value = this.#value(name);
    if (name === 'state') return STATES[Number(value ?? 0)] ?? 'open';
    return typeof value === 'string' ? value : '';
  }

  boolean(name: string): boolean {
    return this.#value(name) === true;
  }

  integer(name: string): number {
    return Number(this.#value(name) ?? 0);
  }

  unsigned(name: string): bigint {
    return BigInt(this.integer(name));
  }

  subscriptions(_name: string): 'none' | 'subjects' | 'detail' {
    if (this.#options.subscriptions_detail === true) return 'detail';
    return this.#options.subscriptions === true ? 'subjects' : 'none';
  }

  #value(name: string): unknown {
    return this.#options[this.#names[name] ?? name];
  }
}
