/** Back and forth through a long list. */
import { el, say, show } from './dom.ts';
import { rangeText } from './table-state.ts';

export class Pager {
  readonly element: HTMLElement;
  private readonly range = el('span', { class: 'range', 'aria-live': 'polite' });
  private readonly back = el('button', { type: 'button', 'aria-label': 'Previous page' }, '‹');
  private readonly next = el('button', { type: 'button', 'aria-label': 'Next page' }, '›');
  private page = 0;

  constructor(turn: (page: number) => void) {
    this.back.addEventListener('click', () => turn(this.page - 1));
    this.next.addEventListener('click', () => turn(this.page + 1));
    this.element = el('div', { class: 'pager' }, this.range, this.back, this.next);
  }

  update(page: number, rows: number, total: number): void {
    this.page = page;
    say(this.range, rangeText(page, rows, total));
    this.back.disabled = page === 0;
    this.next.disabled = (page + 1) * rows >= total;
    for (const button of [this.back, this.next]) show(button, total > rows || page > 0);
  }

  /** Of a search, which has no pages. */
  say(text: string): void {
    say(this.range, text);
    for (const button of [this.back, this.next]) show(button, false);
  }
}
