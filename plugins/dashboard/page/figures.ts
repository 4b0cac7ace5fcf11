/** A line of named figures. */
import { el, say } from './dom.ts';

export class Figures {
  readonly element = el('div', { class: 'tiles small' });

  update(figures: readonly (readonly [label: string, value: string])[]): void {
    while (this.element.children.length > figures.length) this.element.lastElementChild!.remove();
    for (const [at, [label, value]] of figures.entries()) {
      const tile = this.element.children[at] ?? this.element.appendChild(tileOf());
      say(tile.children[0]!, label);
      say(tile.children[1]!, value);
    }
  }
}

function tileOf(): HTMLElement {
  return el('div', { class: 'tile' }, el('div', { class: 'label' }), el('div', { class: 'value' }));
}
