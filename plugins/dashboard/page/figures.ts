/** A line of named figures. */
import { el, say, show } from './dom.ts';

export type Figure = readonly [label: string, value: string, detail?: string];

export class Figures {
  readonly element = el('div', { class: 'tiles small' });

  update(figures: readonly Figure[]): void {
    while (this.element.children.length > figures.length) this.element.lastElementChild!.remove();
    for (const [at, [label, value, detail = '']] of figures.entries()) {
      const tile = this.element.children[at] ?? this.element.appendChild(tileOf());
      const [labelElement, valueElement, detailElement] = Array.from(tile.children) as HTMLElement[];
      say(labelElement!, label);
      say(valueElement!, value);
      say(detailElement!, detail);
      show(detailElement!, detail !== '');
    }
  }
}

function tileOf(): HTMLElement {
  const parts = ['label', 'value', 'detail'].map((name) => el('div', { class: name }));
  return el('div', { class: 'tile' }, ...parts);
}
