/** One connection, with what it subscribes to. */
import { type Row, rowsOf, textOf } from '../answers.ts';
import type { Ask } from '../ask.ts';
import { el, say } from '../dom.ts';
import { dateTime, elapsed, size, whole } from '../format.ts';
import { TableView } from '../table-view.ts';

const SUBSCRIPTIONS_MAX = 500;
const TIMES = new Set(['start', 'last_activity', 'stop']);
const SPANS = new Set(['uptime', 'idle']);
/** Numbers that count nothing. */
const NAMES = new Set(['cid', 'port']);
const LISTS = new Set(['subscriptions_list', 'subscriptions_list_detail', 'tls_peer_certs', 'jwt', 'tags']);

export class ConnectionDetails {
  readonly element = el('dialog', { 'aria-labelledby': 'connection-title' });
  ask: Ask | null = null;
  private readonly title = el('h2', { id: 'connection-title' });
  private readonly facts = el('dl', { class: 'facts' });
  private readonly more = el('p', { class: 'note' });
  private readonly table = new TableView<Row>({
    label: 'Subscriptions of this connection',
    empty: 'It has no subscriptions.',
    columns: [
      { title: 'Subject', isWide: true, text: ({ subject }) => textOf(subject) },
      { title: 'Queue', text: ({ qgroup }) => textOf(qgroup) },
      { title: 'Delivered', isNumber: true, text: ({ msgs }) => (typeof msgs === 'number' ? whole(msgs) : '') },
    ],
  });

  constructor() {
    const close = el('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, '×');
    close.addEventListener('click', () => this.element.close());
    this.element.append(close, this.title, this.facts, this.more, this.table.element);
    // A click beside it.
    this.element.addEventListener('click', ({ target }) => {
      if (target === this.element) this.element.close();
    });
  }

  async open(row: Row, state: 'open' | 'closed'): Promise<void> {
    this.show(row);
    if (!this.element.open) this.element.showModal();
    if (this.ask === null) return;
    try {
      const cid = textOf(row.cid);
      const answer = await this.ask('connz', { cid, state, auth: 1, subs: 'detail' });
      const [found] = rowsOf(answer.connections);
      if (found === undefined) say(this.more, 'It is gone.');
      else if (textOf(found.cid) === cid && this.element.open) this.show(found);
    } catch (error) {
      say(this.more, (error as Error).message);
    }
  }

  private show(row: Row): void {
    say(this.title, `Connection ${textOf(row.cid)}`);
    const facts = Object.entries(row).filter(([key, value]) => !LISTS.has(key) && textOf(value) !== '');
    const pairs = facts.map(([key, value]) => {
      return el('div', {}, el('dt', {}, textOf(key).replace(/_/g, ' ')), el('dd', {}, factText(key, value)));
    });
    this.facts.replaceChildren(...pairs);
    const subscriptions = rowsOf(row.subscriptions_list_detail);
    const cut = subscriptions.length > SUBSCRIPTIONS_MAX;
    say(this.more, cut ? `The first ${SUBSCRIPTIONS_MAX} of ${whole(subscriptions.length)} subscriptions:` : '');
    this.table.update(subscriptions.slice(0, SUBSCRIPTIONS_MAX));
  }
}

function factText(key: string, value: unknown): string {
  if (TIMES.has(key)) return dateTime(textOf(value));
  if (SPANS.has(key)) return elapsed(textOf(value));
  if (typeof value !== 'number' || NAMES.has(key)) return textOf(value);
  return key.endsWith('_bytes') ? size(value) : whole(value);
}
