/** A table whose rows are filled again and again: what does not change is not touched. */
import { el, mark, say, show } from './dom.ts';
import type { Sorting } from './table-state.ts';

export interface TableColumn<Item> {
  readonly title: string;
  /** Numbers are set to the right. */
  readonly isNumber?: boolean;
  /** By which it can be sorted; not at all when absent. */
  readonly sort?: string;
  /** Sorted by it, the smallest comes first. */
  readonly isAscending?: boolean;
  /** 2 is hidden on a phone, 3 on a small window. */
  readonly rank?: 2 | 3;
  /** Takes what room there is, and is cut where there is none. */
  readonly isWide?: boolean;
  /** A sentence, which may take more than a line where there is little room. */
  readonly isProse?: boolean;
  text(item: Item): string;
  /** Text that stands out: `good`, `bad`, `weak`. */
  tone?(item: Item): string | null;
}

export interface TableOptions<Item> {
  readonly label: string;
  readonly columns: readonly TableColumn<Item>[];
  readonly empty: string;
  /** A heading was chosen. */
  sort?(key: string): void;
  /** A row was chosen, by its first cell. */
  open?(item: Item): void;
}

interface Line<Item> {
  readonly element: HTMLTableRowElement;
  readonly cells: readonly HTMLElement[];
  item: Item;
}

export class TableView<Item> {
  readonly element: HTMLElement;
  private readonly options: TableOptions<Item>;
  private readonly body = el('tbody');
  private readonly headings: readonly HTMLTableCellElement[];
  private readonly empty: HTMLElement;
  private readonly scroll: HTMLElement;
  private readonly lines: Line<Item>[] = [];

  constructor(options: TableOptions<Item>) {
    this.options = options;
    this.headings = options.columns.map((column) => this.heading(column));
    this.empty = el('p', { class: 'empty' }, 'Loading…');
    const table = el('table', {}, el('thead', {}, el('tr', {}, ...this.headings)), this.body);
    const label = { class: 'scroll', role: 'region', 'aria-label': options.label, tabindex: '0' };
    this.scroll = el('div', label, table);
    show(this.scroll, false);
    this.element = el('div', {}, this.scroll, this.empty);
  }

  update(items: readonly Item[], sorting: Sorting | null = null, empty = this.options.empty): void {
    for (const [at, item] of items.entries()) this.fill(this.lineAt(at, item), item);
    for (const { element } of this.lines.splice(items.length)) element.remove();
    show(this.scroll, items.length > 0);
    show(this.empty, items.length === 0);
    say(this.empty, empty);
    for (const [at, column] of this.options.columns.entries()) {
      if (column.sort !== undefined) mark(this.headings[at]!, 'aria-sort', orderOf(column, sorting));
    }
  }

  private lineAt(at: number, item: Item): Line<Item> {
    const known = this.lines[at];
    if (known !== undefined) return known;
    const cells = this.options.columns.map((column) => el('td', { class: classOf(column) }));
    const line: Line<Item> = { element: el('tr', {}, ...cells), cells: [...cells], item };
    const { open } = this.options;
    if (open !== undefined) {
      const button = el('button', { type: 'button', class: 'link' });
      button.addEventListener('click', () => open(line.item));
      cells[0]!.append(button);
      (line.cells as HTMLElement[])[0] = button;
    }
    this.body.append(line.element);
    this.lines.push(line);
    return line;
  }

  private fill(line: Line<Item>, item: Item): void {
    line.item = item;
    for (const [at, column] of this.options.columns.entries()) {
      const cell = line.cells[at]!;
      const text = column.text(item);
      say(cell, text);
      if (column.isWide === true) mark(cell, 'title', text);
      if (column.tone !== undefined) mark(cell, 'data-tone', column.tone(item));
    }
  }

  private heading(column: TableColumn<Item>): HTMLTableCellElement {
    const { title, sort } = column;
    const { sort: choose } = this.options;
    const attributes = { scope: 'col', class: classOf(column) };
    if (sort === undefined || choose === undefined) return el('th', attributes, title);
    const button = el('button', { type: 'button', class: 'order' }, title);
    button.addEventListener('click', () => choose(sort));
    return el('th', attributes, button);
  }
}

function classOf<Item>({ isNumber, rank, isWide, isProse }: TableColumn<Item>): string {
  const names = { number: isNumber, wide: isWide, prose: isProse, 'rank-2': rank === 2, 'rank-3': rank === 3 };
  return Object.entries(names)
    .flatMap(([name, isSet]) => (isSet === true ? [name] : []))
    .join(' ');
}

function orderOf<Item>({ sort, isAscending = false }: TableColumn<Item>, sorting: Sorting | null): string {
  if (sorting === null || sorting.key !== sort) return 'none';
  return isAscending !== sorting.isReversed ? 'ascending' : 'descending';
}
