/** A table whose rows are all here: sorted, searched and paged in the page. */
import { el, say, show } from './dom.ts';
import { Pager } from './pager.ts';
import { arranged, pageWithin, type Sorting, type SortValue, searchWords, sortedBy } from './table-state.ts';
import { type TableColumn, TableView } from './table-view.ts';

export interface LocalColumn<Item> extends TableColumn<Item> {
  /** What it is sorted by; by its text when absent. */
  value?(item: Item): SortValue;
}

export interface LocalTableOptions<Item> {
  readonly label: string;
  readonly columns: readonly LocalColumn<Item>[];
  readonly empty: string;
  readonly sorting: Sorting;
  readonly search: string;
  searched(item: Item): string;
}

export class LocalTable<Item> {
  readonly element: HTMLElement;
  rows = 50;
  private readonly options: LocalTableOptions<Item>;
  private readonly view: TableView<Item>;
  private readonly pager: Pager;
  private readonly search: HTMLInputElement;
  private readonly tools: HTMLElement;
  private items: readonly Item[] = [];
  private sorting: Sorting;
  private page = 0;

  constructor(options: LocalTableOptions<Item>) {
    const { label, empty, sorting, search } = options;
    this.options = options;
    this.sorting = sorting;
    const columns = options.columns.map((column) => {
      return { ...column, sort: column.title, isAscending: column.isNumber !== true };
    });
    this.view = new TableView({ label, columns, empty, sort: (key) => this.sortBy(key) });
    this.pager = new Pager((page) => this.turnTo(page));
    this.search = el('input', { type: 'search', placeholder: search, 'aria-label': search, maxlength: '100' });
    this.search.addEventListener('input', () => this.turnTo(0));
    this.tools = el('div', { class: 'tools' }, this.search, this.pager.element);
    this.element = el('div', {}, this.tools, this.view.element);
  }

  update(items: readonly Item[]): void {
    this.items = items;
    this.draw();
  }

  private draw(): void {
    const words = searchWords(this.search.value);
    const found = this.items.filter((item) => {
      const text = this.options.searched(item).toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const column = this.options.columns.find(({ title }) => title === this.sorting.key) ?? this.options.columns[0]!;
    const sorted = arranged(found, column.value ?? column.text, this.sorting.isReversed);
    this.page = pageWithin(this.page, this.rows, sorted.length);
    const from = this.page * this.rows;
    const empty = words.length > 0 ? 'Nothing matches.' : this.options.empty;
    this.view.update(sorted.slice(from, from + this.rows), this.sorting, empty);
    this.pager.update(this.page, this.rows, sorted.length);
    show(this.tools, this.items.length > 1);
  }

  private sortBy(key: string): void {
    this.sorting = sortedBy(this.sorting, key);
    this.turnTo(0);
  }

  private turnTo(page: number): void {
    this.page = page;
    this.draw();
  }
}

/** A line under a heading. */
export function setNote(element: HTMLElement, text: string): void {
  say(element, text);
  show(element, text !== '');
}
