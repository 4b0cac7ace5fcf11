/** What a tab of the page is. */
import type { Row } from './answers.ts';
import type { Ask } from './ask.ts';
import type { History } from './history.ts';
import type { Rates } from './rates.ts';
import type { Trouble } from './trouble.ts';

/** What is asked for each time, whichever tab is open. */
export interface Look {
  readonly varz: Row;
  readonly server: Row;
  readonly rates: Rates;
  readonly history: History;
  readonly troubles: readonly Trouble[];
  /** How often something went wrong within the last minute. */
  increaseOf(name: string): number;
  /** Of the server that answered: another one after a restart. */
  readonly epoch: string;
  /** By the clock of the server. */
  readonly nowMs: number;
  readonly rows: number;
}

export interface View {
  readonly id: string;
  readonly title: string;
  readonly element: HTMLElement;
  /** Asks for what it shows besides, and shows it. */
  refresh(look: Look, ask: Ask): Promise<void>;
}

/** To be refreshed out of turn: somebody turned a page. */
export type Hurry = () => void;
