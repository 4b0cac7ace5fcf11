/** What stands around the tabs: who the server is, how it is, and where to go. */
import { type Row, textOf } from './answers.ts';
import { el, mark, say, show } from './dom.ts';
import { clockTime, elapsed } from './format.ts';
import type { View } from './view.ts';

/** `bad`: something is wrong with the server. `lost`: nobody knows. */
export type Condition = 'good' | 'bad' | 'lost' | 'still';

export class Shell {
  readonly pause = el('button', { type: 'button', class: 'pause', 'aria-pressed': 'false' }, 'Pause');
  private readonly name = el('h1', {}, 'gnatlet');
  private readonly facts = el('span', { class: 'about' });
  private readonly condition = el('span', { class: 'condition', role: 'status' }, 'Connecting …');
  private readonly banner = el('p', { class: 'banner', role: 'alert', hidden: '' });
  private readonly links: ReadonlyMap<string, HTMLAnchorElement>;
  private readonly main = el('main', { id: 'main', tabindex: '-1' });
  private readonly views: readonly View[];

  constructor(views: readonly View[]) {
    this.views = views;
    this.links = new Map(views.map(({ id, title }) => [id, el('a', { href: `#${id}` }, title)]));
    const skip = el('a', { href: '#main', class: 'skip' }, 'Skip to the figures');
    skip.addEventListener('click', (event) => {
      event.preventDefault();
      this.main.focus();
    });
    const head = el('header', {}, this.name, this.condition, this.facts, this.pause);
    const tabs = el('nav', { 'aria-label': 'Figures' }, ...this.links.values());
    document.body.replaceChildren(skip, head, tabs, this.banner, this.main);
  }

  open(view: View): void {
    for (const [id, link] of this.links) mark(link, 'aria-current', id === view.id ? 'page' : null);
    this.links.get(view.id)!.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    this.main.replaceChildren(view.element);
  }

  showServer(varz: Row, server: Row): void {
    const name = textOf(varz.server_name);
    say(this.name, name === '' || name === varz.server_id ? 'gnatlet' : name);
    const version = `gnatlet ${textOf(server.product_version)}`;
    say(this.facts, `${version} · NATS ${textOf(varz.version)} · up ${elapsed(textOf(varz.uptime))}`);
    const title = `${this.name.textContent} · gnatlet`;
    if (document.title !== title) document.title = title;
  }

  say(condition: Condition, text: string): void {
    mark(this.condition, 'data-condition', condition);
    say(this.condition, text);
    mark(this.main, 'data-stale', condition === 'lost' ? '' : null);
  }

  tell(text: string): void {
    say(this.banner, text);
    show(this.banner, text !== '');
  }

  /** The view the address names; the first for any other. */
  chosen(): View {
    const id = location.hash.slice(1);
    return this.views.find((view) => view.id === id) ?? this.views[0]!;
  }
}

export function lostText(lastMs: number | null): string {
  const since = lastMs === null ? '' : ` Figures are of ${clockTime(lastMs)}.`;
  return `The server does not answer; trying again.${since}`;
}
