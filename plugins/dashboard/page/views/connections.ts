/** Connections, open and closed: sorted by the monitor, and fetched a page at a time. */
import { countsOf, numberOf, type Row, rowsOf } from '../answers.ts';
import type { Ask } from '../ask.ts';
import { type Found, findConnections, SEARCHED_MAX } from '../connection-search.ts';
import { el, panel, say, show } from '../dom.ts';
import { whole } from '../format.ts';
import { Pager } from '../pager.ts';
import { Cadence } from '../poll-plan.ts';
import { RateMeter } from '../rates.ts';
import { arranged, pageWithin, type Slice, type Sorting, searchWords, sliceFor, sortedBy } from '../table-state.ts';
import { TableView } from '../table-view.ts';
import type { Hurry, Look, View } from '../view.ts';
import { type ConnectionLine, closedColumns, connectionCounters, openColumns } from './connection-columns.ts';
import { ConnectionDetails } from './connection-details.ts';

type State = 'open' | 'closed';

const SEARCH_EVERY_MS = 10_000;
const TYPING_MS = 250;
const FIRST_SORTING: Readonly<Record<State, Sorting>> = {
  open: { key: 'cid', isReversed: false },
  closed: { key: 'stop', isReversed: false },
};

export class Connections implements View {
  readonly id = 'connections';
  readonly title = 'Connections';
  readonly element: HTMLElement;
  private readonly hurry: Hurry;
  private readonly tables: Readonly<Record<State, TableView<ConnectionLine>>>;
  private readonly choices: Readonly<Record<State, HTMLButtonElement>>;
  private readonly search = el('input', {
    type: 'search',
    placeholder: 'Find by name, address, account …',
    'aria-label': 'Find connections',
    maxlength: '100',
  });
  private readonly pager = new Pager((page) => this.turnTo(page));
  private readonly reasons = el('p', { class: 'chips' });
  private readonly details = new ConnectionDetails();
  private readonly cadence = new Cadence(SEARCH_EVERY_MS);
  private readonly meter = new RateMeter();
  private state: State = 'open';
  private sorting = FIRST_SORTING.open;
  private page = 0;
  private total = 0;
  /** Changes with every choice: an answer to an older one is not shown. */
  private choice = 0;

  constructor(hurry: Hurry) {
    this.hurry = hurry;
    this.tables = { open: this.tableOf('open'), closed: this.tableOf('closed') };
    this.choices = { open: this.choiceOf('open', 'Open'), closed: this.choiceOf('closed', 'Closed') };
    const states = el(
      'div',
      { class: 'choices', role: 'group', 'aria-label': 'Which' },
      ...Object.values(this.choices),
    );
    const tools = el('div', { class: 'tools' }, states, this.search, this.pager.element);
    const tables = Object.values(this.tables).map(({ element }) => element);
    this.element = el('div', {}, panel('Connections', tools, this.reasons, ...tables), this.details.element);
    let typing = 0;
    this.search.addEventListener('input', () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.turnTo(0), TYPING_MS);
    });
    this.choose('open');
  }

  async refresh(look: Look, ask: Ask): Promise<void> {
    this.showReasons(look);
    const words = searchWords(this.search.value);
    if (words.length > 0) await this.refreshFound(words, look, ask);
    else await this.refreshPage(look, ask);
  }

  private async refreshPage(look: Look, ask: Ask): Promise<void> {
    const { rows } = look;
    const { choice, state, sorting } = this;
    const page = await this.ask(ask, sliceFor(this.page, rows, this.total, sorting.isReversed));
    if (choice !== this.choice) return;
    // Where the list ends is known only now.
    const isMisplaced = sorting.isReversed && this.total === 0 && page.total > rows;
    this.total = page.total;
    const within = pageWithin(this.page, rows, page.total);
    if (within !== this.page || isMisplaced) this.hurry();
    this.page = within;
    this.tables[state].update(this.linesOf(page.rows, look), sorting);
    this.pager.update(this.page, rows, page.total);
  }

  private async refreshFound(words: readonly string[], look: Look, ask: Ask): Promise<void> {
    const { rows } = look;
    if (!this.cadence.isDue(look.nowMs)) return;
    const { choice, state, sorting } = this;
    this.pager.say('searching …');
    const found = await findConnections((slice) => this.ask(ask, slice), words, rows);
    if (choice !== this.choice) return;
    this.tables[state].update(this.linesOf(found.rows, look), sorting, 'No connection matches.');
    this.pager.say(foundText(found, rows));
  }

  private linesOf(rows: readonly Row[], { epoch, nowMs }: Look): ConnectionLine[] {
    const rates = this.meter.measure({ epoch, atMs: nowMs, counts: connectionCounters(rows) });
    const lines = rows.map((row) => ({ row, rates }));
    return this.sorting.isReversed ? lines.reverse() : lines;
  }

  private async ask(ask: Ask, { offset, limit }: Slice): Promise<{ rows: Row[]; total: number }> {
    const { state, sorting } = this;
    const answer = await ask('connz', { state, sort: sorting.key, auth: 1, offset, limit });
    this.details.ask = ask;
    return { rows: rowsOf(answer.connections), total: numberOf(answer.total) };
  }

  private showReasons({ server }: Look): void {
    const reasons = arranged([...countsOf(server.closed_connections)], ([, count]) => count, false);
    show(this.reasons, this.state === 'closed' && reasons.length > 0);
    while (this.reasons.children.length > reasons.length) this.reasons.lastElementChild!.remove();
    for (const [at, [reason, count]] of reasons.entries()) {
      const chip = this.reasons.children[at] ?? this.reasons.appendChild(el('span'));
      say(chip, `${reason === '_other' ? 'other reasons' : reason} ${whole(count)}`);
    }
  }

  private tableOf(state: State): TableView<ConnectionLine> {
    return new TableView({
      label: state === 'open' ? 'Open connections' : 'Closed connections',
      columns: state === 'open' ? openColumns() : closedColumns(),
      empty: state === 'open' ? 'Nobody is connected.' : 'No connection has ended yet.',
      sort: (key) => this.sortBy(key),
      open: ({ row }) => void this.details.open(row, state),
    });
  }

  private choiceOf(state: State, text: string): HTMLButtonElement {
    const button = el('button', { type: 'button' }, text);
    button.addEventListener('click', () => this.choose(state));
    return button;
  }

  private choose(state: State): void {
    this.state = state;
    this.sorting = FIRST_SORTING[state];
    this.total = 0;
    for (const each of ['open', 'closed'] as const) {
      this.choices[each].setAttribute('aria-pressed', String(each === state));
      show(this.tables[each].element, each === state);
    }
    this.turnTo(0);
  }

  private sortBy(key: string): void {
    this.sorting = sortedBy(this.sorting, key);
    this.turnTo(0);
  }

  private turnTo(page: number): void {
    this.page = page;
    this.choice++;
    this.cadence.hurry();
    this.hurry();
  }
}

function foundText({ rows, searched, total }: Found, wanted: number): string {
  const count = rows.length >= wanted ? `first ${whole(rows.length)}` : whole(rows.length);
  const limit = searched >= SEARCHED_MAX && total > searched ? `, of ${whole(total)}` : '';
  return `${count} found, ${whole(searched)} searched${limit}`;
}
