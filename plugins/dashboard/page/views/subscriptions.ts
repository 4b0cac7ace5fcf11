/** Who listens to what. */
import { numberOf, type Row, rowsOf, textOf } from '../answers.ts';
import { type Ask, Refused } from '../ask.ts';
import { el, note, panel } from '../dom.ts';
import { Figures } from '../figures.ts';
import { compact, perSecond, whole } from '../format.ts';
import { setNote } from '../local-table.ts';
import { Pager } from '../pager.ts';
import { Cadence } from '../poll-plan.ts';
import { RateMeter } from '../rates.ts';
import { pageWithin } from '../table-state.ts';
import { TableView } from '../table-view.ts';
import type { Hurry, Look, View } from '../view.ts';

/** The list is walked over by the server from its beginning. */
const LIST_EVERY_MS = 10_000;
const TYPING_MS = 250;
const COUNTED = ['num_inserts', 'num_removes', 'num_matches'];

export class Subscriptions implements View {
  readonly id = 'subscriptions';
  readonly title = 'Subscriptions';
  readonly element: HTMLElement;
  private readonly hurry: Hurry;
  private readonly figures = new Figures();
  private readonly test = inputOf('Who gets this subject?');
  private readonly account = inputOf('In the account');
  private readonly pager = new Pager((page) => this.turnTo(page));
  private readonly refusal = note();
  private readonly table = subscriptionTable();
  private readonly meter = new RateMeter();
  private readonly cadence = new Cadence(LIST_EVERY_MS);
  private page = 0;
  private choice = 0;

  constructor(hurry: Hurry) {
    this.hurry = hurry;
    this.refusal.hidden = true;
    let typing = 0;
    for (const input of [this.test, this.account]) {
      input.addEventListener('input', () => {
        clearTimeout(typing);
        typing = setTimeout(() => this.turnTo(0), TYPING_MS);
      });
    }
    const tools = el('div', { class: 'tools' }, this.test, this.account, this.pager.element);
    this.element = el('div', {}, this.figures.element, panel('Subscriptions', tools, this.refusal, this.table.element));
  }

  async refresh(look: Look, ask: Ask): Promise<void> {
    const answer = await ask('subsz');
    this.showFigures(look, answer);
    if (!this.cadence.isDue(look.nowMs)) return;
    try {
      await this.refreshList(look, ask);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setNote(this.refusal, error.message);
    }
  }

  private async refreshList({ rows }: Look, ask: Ask): Promise<void> {
    const { choice } = this;
    const filters = { test: this.test.value.trim(), acc: this.account.value.trim() };
    const given = Object.fromEntries(Object.entries(filters).filter(([, text]) => text !== ''));
    const answer = await ask('subsz', { subs: 1, offset: this.page * rows, limit: rows, ...given });
    if (choice !== this.choice) return;
    const total = numberOf(answer.total);
    const within = pageWithin(this.page, rows, total);
    if (within !== this.page) this.turnTo(within);
    this.table.update(rowsOf(answer.subscriptions_list));
    this.pager.update(this.page, rows, total);
    setNote(this.refusal, '');
  }

  private showFigures({ epoch, nowMs }: Look, answer: Row): void {
    const counts = new Map(COUNTED.map((name) => [name, numberOf(answer[name])]));
    const rates = this.meter.measure({ epoch, atMs: nowMs, counts });
    this.figures.update([
      ['Subscriptions', whole(numberOf(answer.num_subscriptions))],
      ['New', perSecond(rates.get('num_inserts'))],
      ['Ended', perSecond(rates.get('num_removes'))],
      ['Look-ups', perSecond(rates.get('num_matches'))],
      ['Largest fan-out', whole(numberOf(answer.max_fanout))],
      ['Mean fan-out', compact(numberOf(answer.avg_fanout))],
    ]);
  }

  private turnTo(page: number): void {
    this.page = page;
    this.choice++;
    this.cadence.hurry();
    this.hurry();
  }
}

function inputOf(label: string): HTMLInputElement {
  return el('input', { type: 'search', placeholder: label, 'aria-label': label, maxlength: '200' });
}

function subscriptionTable(): TableView<Row> {
  return new TableView({
    label: 'Subscriptions',
    empty: 'Nobody subscribes to this.',
    columns: [
      { title: 'Subject', isWide: true, text: ({ subject }) => textOf(subject) },
      { title: 'Queue', isWide: true, text: ({ qgroup }) => textOf(qgroup) },
      { title: 'Account', isWide: true, rank: 2, text: ({ account }) => textOf(account) },
      { title: 'Connection', isNumber: true, text: ({ cid }) => textOf(cid) },
      { title: 'Sid', isNumber: true, rank: 3, text: ({ sid }) => textOf(sid) },
      { title: 'Delivered', isNumber: true, text: ({ msgs }) => compact(numberOf(msgs)) },
      { title: 'Limit', isNumber: true, rank: 3, text: ({ max }) => (numberOf(max) > 0 ? whole(numberOf(max)) : '') },
    ],
  });
}
