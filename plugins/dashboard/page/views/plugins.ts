/** What this server is made of, and how long each part took to start. */
import { numberOf, type Row, rowsOf, textOf, textsOf } from '../answers.ts';
import type { Ask } from '../ask.ts';
import { el, panel } from '../dom.ts';
import { NONE, shortTime } from '../format.ts';
import { type LocalColumn, LocalTable } from '../local-table.ts';
import type { Look, View } from '../view.ts';

const PHASES = ['register', 'init', 'listen', 'ready', 'reload'];

export class Plugins implements View {
  readonly id = 'plugins';
  readonly title = 'Plugins';
  readonly element: HTMLElement;
  private readonly table = new LocalTable<Row>({
    label: 'Plugins',
    columns: pluginColumns(),
    empty: 'There are no plugins.',
    sorting: { key: 'Plugin', isReversed: false },
    search: 'Find a plugin',
    searched: ({ name, summary, source }) => `${textOf(name)} ${textOf(summary)} ${textOf(source)}`,
  });

  constructor() {
    this.element = el('div', {}, panel('Plugins', this.table.element));
  }

  async refresh({ rows }: Look, ask: Ask): Promise<void> {
    const { plugins } = await ask('dashboard/plugins');
    this.table.rows = rows;
    this.table.update(rowsOf(plugins));
  }
}

function pluginColumns(): LocalColumn<Row>[] {
  return [
    { title: 'Plugin', text: ({ name }) => textOf(name) },
    {
      title: 'State',
      text: ({ status }) => textOf(status),
      tone: ({ status }) => (status === 'ready' ? 'good' : 'bad'),
    },
    { title: 'What it does', isWide: true, rank: 2, text: ({ summary }) => textOf(summary) || NONE },
    ...PHASES.map(phaseColumn),
    { title: 'Hooks', isWide: true, rank: 3, text: ({ taps }) => textsOf(taps).join(', ') || NONE },
    { title: 'Endpoints', isWide: true, rank: 3, text: ({ endpoints }) => textsOf(endpoints).join(', ') || NONE },
    { title: 'Version', isWide: true, rank: 3, text: ({ version, source }) => `${textOf(version)}, ${textOf(source)}` },
  ];
}

function phaseColumn(phase: string): LocalColumn<Row> {
  const passed = ({ phases }: Row): Row | undefined => rowsOf(phases).find((it) => it.phase === phase);
  const value = (row: Row): number | null => {
    const found = passed(row);
    return found === undefined ? null : numberOf(found.milliseconds);
  };
  return {
    title: phase,
    isNumber: true,
    value,
    text: (row) => {
      const outcome = textOf(passed(row)?.outcome);
      return outcome === '' || outcome === 'done' ? shortTime(value(row)) : outcome;
    },
    tone: (row) => (textOf(passed(row)?.outcome ?? 'done') === 'done' ? null : 'bad'),
    ...(phase === 'init' || phase === 'listen' ? {} : { rank: 2 as const }),
  };
}
