/** Streams and their consumers, where the server has any. */
import { numberOf, type Row, rowOf, rowsOf, textOf } from '../answers.ts';
import { type Ask, Refused } from '../ask.ts';
import { el, note, panel, say, show } from '../dom.ts';
import { type Figure, Figures } from '../figures.ts';
import { compact, size, whole } from '../format.ts';
import { LocalTable } from '../local-table.ts';
import { Pager } from '../pager.ts';
import { Cadence } from '../poll-plan.ts';
import type { Hurry, Look, View } from '../view.ts';
import { type ConsumerLine, consumerColumns, type StreamLine, streamColumns } from './stream-columns.ts';

/** The monitor pages accounts; what each has comes whole. */
const ACCOUNTS_AT_ONCE = 64;
const MANY = 200;
const SELDOM_MS = 10_000;

export class Streams implements View {
  readonly id = 'streams';
  readonly title = 'Streams';
  readonly element: HTMLElement;
  private readonly hurry: Hurry;
  private readonly absence = note('Loading…');
  private readonly absent = panel('Streams', this.absence);
  private readonly figures = new Figures();
  private readonly streams = new LocalTable<StreamLine>({
    label: 'Streams',
    columns: streamColumns(),
    empty: 'There are no streams.',
    sorting: { key: 'Stream', isReversed: false },
    search: 'Find a stream',
    searched: ({ account, stream }) => `${account} ${textOf(stream.name)}`,
  });
  private readonly consumers = new LocalTable<ConsumerLine>({
    label: 'Consumers',
    columns: consumerColumns(),
    empty: 'There are no consumers.',
    sorting: { key: 'Unread', isReversed: false },
    search: 'Find a consumer',
    searched: ({ account, consumer }) => `${account} ${textOf(consumer.stream_name)} ${textOf(consumer.name)}`,
  });
  private readonly accounts = new Pager((page) => this.turnTo(page));
  private readonly present: HTMLElement;
  private readonly cadence = new Cadence(SELDOM_MS);
  private page = 0;
  private shown = 0;

  constructor(hurry: Hurry) {
    this.hurry = hurry;
    const pages = el('div', { class: 'tools' }, 'Accounts', this.accounts.element);
    this.present = el(
      'div',
      {},
      this.figures.element,
      panel('Streams', this.streams.element),
      panel('Consumers', this.consumers.element),
      pages,
    );
    this.present.hidden = true;
    this.element = el('div', {}, this.absent, this.present);
  }

  async refresh({ nowMs, rows }: Look, ask: Ask): Promise<void> {
    if (this.shown > MANY && !this.cadence.isDue(nowMs)) return;
    try {
      const all = { accounts: 1, streams: 1, consumers: 1, config: 1 };
      const answer = await ask('jsz', { ...all, offset: this.page * ACCOUNTS_AT_ONCE, limit: ACCOUNTS_AT_ONCE });
      this.streams.rows = rows;
      this.consumers.rows = rows;
      this.showAnswer(answer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.setAbsent(`This server shows no streams: ${error.message}`);
    }
  }

  private showAnswer(answer: Row): void {
    if (answer.disabled === true) {
      this.setAbsent('JetStream is not enabled on this server, so there are no streams and consumers to show.');
      return;
    }
    this.setAbsent('');
    const lines = rowsOf(answer.account_details).flatMap(streamLines);
    const consumers = lines.flatMap(consumerLines);
    this.shown = lines.length + consumers.length;
    this.figures.update(figuresOf(answer));
    this.streams.update(lines);
    this.consumers.update(consumers);
    const total = numberOf(answer.total);
    this.accounts.update(this.page, ACCOUNTS_AT_ONCE, total);
    show(this.accounts.element.parentElement!, total > ACCOUNTS_AT_ONCE);
  }

  private setAbsent(text: string): void {
    say(this.absence, text);
    show(this.absent, text !== '');
    show(this.present, text === '');
  }

  private turnTo(page: number): void {
    this.page = page;
    this.cadence.hurry();
    this.hurry();
  }
}

function streamLines(account: Row): StreamLine[] {
  const name = textOf(account.name) || textOf(account.id);
  return rowsOf(account.stream_detail).map((stream) => ({ account: name, stream }));
}

function consumerLines({ account, stream }: StreamLine): ConsumerLine[] {
  return rowsOf(stream.consumer_detail).map((consumer) => ({ account, consumer }));
}

function figuresOf(answer: Row): Figure[] {
  const { api, config, meta_cluster: meta } = answer;
  const { total, errors } = rowOf(api);
  const leader = textOf(rowOf(meta).leader);
  const { max_memory: memory, max_storage: storage } = rowOf(config);
  return [
    ['Streams', whole(numberOf(answer.streams))],
    ['Consumers', whole(numberOf(answer.consumers))],
    ['Messages', compact(numberOf(answer.messages))],
    ['Storage', size(numberOf(answer.storage)), limitText(storage)],
    ['Memory', size(numberOf(answer.memory)), limitText(memory)],
    ['API requests', compact(numberOf(total))],
    ['API errors', compact(numberOf(errors))],
    ...(leader === '' ? [] : [['Meta leader', leader] as const]),
  ];
}

function limitText(limit: unknown): string {
  return numberOf(limit) > 0 ? `limit ${size(numberOf(limit))}` : '';
}
