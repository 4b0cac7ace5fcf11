/** Asks again and again, as long as somebody looks. */
import { numberOf, type Row, rowOf, textOf } from './answers.ts';
import { type Ask, asker, Refused, Unreachable } from './ask.ts';
import { type Health, HealthProbe } from './health-probe.ts';
import { History } from './history.ts';
import { PollPlan } from './poll-plan.ts';
import { type Counters, Increases, RateMeter } from './rates.ts';
import { lostText, type Shell } from './shell.ts';
import { troublesIn } from './trouble.ts';
import type { Look, View } from './view.ts';

const FIRST_REFRESH_MS = 2000;
const FIRST_HISTORY_MS = 600_000;
const FIRST_ROWS = 50;
const RECENT_MS = 60_000;
const RESTART_SHOWN_MS = 30_000;
/** So many intervals without an answer are a gap in the charts. */
const GAP_INTERVALS = 4;
const TRAFFIC = ['in_msgs', 'out_msgs', 'in_bytes', 'out_bytes'];

export class Poller {
  private readonly shell: Shell;
  private readonly plan = new PollPlan(FIRST_REFRESH_MS);
  private readonly meter = new RateMeter();
  private readonly increases = new Increases(RECENT_MS);
  private readonly history = new History(FIRST_HISTORY_MS);
  private readonly health = new HealthProbe();
  private view: View;
  private visit = new AbortController();
  private timer = 0;
  private isAsking = false;
  private isHurried = false;
  private isPaused = false;
  private lastAnswerMs: number | null = null;
  private epoch = '';
  private restartedMs = Number.NEGATIVE_INFINITY;

  constructor(shell: Shell) {
    this.shell = shell;
    this.view = shell.chosen();
  }

  start(): void {
    addEventListener('hashchange', () => this.open());
    document.addEventListener('visibilitychange', () => this.visibilityChanged());
    this.shell.pause.addEventListener('click', () => this.togglePause());
    this.open();
  }

  /** Asks at once; once more when an answer is still under way. */
  hurry(): void {
    this.isHurried = true;
    this.schedule(0);
  }

  private open(): void {
    this.view = this.shell.chosen();
    this.shell.open(this.view);
    this.hurry();
  }

  private visibilityChanged(): void {
    if (!document.hidden) {
      this.hurry();
      return;
    }
    clearTimeout(this.timer);
    this.visit.abort();
    this.visit = new AbortController();
  }

  private togglePause(): void {
    this.isPaused = !this.isPaused;
    this.shell.pause.setAttribute('aria-pressed', String(this.isPaused));
    this.shell.pause.textContent = this.isPaused ? 'Resume' : 'Pause';
    if (this.isPaused) {
      clearTimeout(this.timer);
      this.shell.say('still', 'Paused');
    } else this.hurry();
  }

  private schedule(delayMs: number): void {
    clearTimeout(this.timer);
    // Who turns a page of a paused table wants to see it.
    if (document.hidden || (this.isPaused && !this.isHurried)) return;
    this.timer = setTimeout(() => void this.round(), delayMs);
  }

  private async round(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    this.isHurried = false;
    const { signal } = this.visit;
    try {
      await this.askAll(asker(signal));
      this.plan.succeeded();
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    } finally {
      this.isAsking = false;
      this.schedule(this.isHurried ? 0 : this.plan.delayMs);
    }
  }

  private async askAll(ask: Ask): Promise<void> {
    const { view } = this;
    const [varz, server] = await Promise.all([ask('varz'), ask('dashboard/server')]);
    const look = this.lookAt(varz, server);
    const [health] = await Promise.all([this.health.look(ask, look), view.refresh(look, ask)]);
    this.show(look, health);
  }

  private show({ varz, server }: Look, { isGood, text }: Health): void {
    this.shell.showServer(varz, server);
    if (this.isPaused) this.shell.say('still', 'Paused');
    else if (server.is_lame_duck === true) this.shell.say('bad', 'Lame duck: clients are sent elsewhere');
    else this.shell.say(isGood ? 'good' : 'bad', text);
    const isNew = Date.now() - this.restartedMs < RESTART_SHOWN_MS;
    this.shell.tell(isNew ? 'The server was restarted: figures begin anew.' : '');
  }

  /** The server is there when it refuses: that is told, and it is asked again as usual. */
  private failed(error: unknown): void {
    if (!(error instanceof Unreachable)) {
      if (!(error instanceof Refused)) console.error(error);
      this.plan.succeeded();
      this.shell.tell((error as Error).message);
      return;
    }
    this.plan.failed();
    this.shell.say('lost', 'Reconnecting …');
    this.shell.tell(lostText(this.lastAnswerMs));
    this.history.interrupt();
  }

  private lookAt(varz: Row, server: Row): Look {
    const epoch = `${textOf(server.server_id)} ${numberOf(server.started_ms)}`;
    const nowMs = numberOf(server.now_ms);
    this.noticeRestart(epoch);
    const rows = this.adopt(rowOf(server.settings));
    const rates = this.meter.measure(countersOf(epoch, nowMs, varz));
    const troubles = troublesIn(server);
    const counts = new Map(troubles.map(({ name, count }) => [name, count]));
    this.increases.add({ epoch, atMs: nowMs, counts });
    this.lastAnswerMs = Date.now();
    this.remember(nowMs, rates, varz, server);
    const { history } = this;
    const increaseOf = (name: string): number => this.increases.of(name);
    return { varz, server, rates, history, troubles, increaseOf, epoch, nowMs, rows };
  }

  private noticeRestart(epoch: string): void {
    if (this.epoch !== '' && this.epoch !== epoch) {
      this.restartedMs = Date.now();
      this.history.interrupt();
      this.health.forget();
    }
    this.epoch = epoch;
  }

  /** Settings may change while the page is open. */
  private adopt(settings: Row): number {
    const [refresh, history, rows] = ['refresh_ms', 'history_ms', 'rows'].map((key) => numberOf(settings[key]));
    this.plan.refreshMs = refresh || FIRST_REFRESH_MS;
    this.history.resize(history || FIRST_HISTORY_MS);
    return rows || FIRST_ROWS;
  }

  private remember(nowMs: number, rates: ReturnType<RateMeter['measure']>, varz: Row, server: Row): void {
    if (nowMs - this.history.lastMs > GAP_INTERVALS * this.plan.refreshMs) this.history.interrupt();
    const values = {
      inMessages: rates.get('in_msgs') ?? null,
      outMessages: rates.get('out_msgs') ?? null,
      inBytes: rates.get('in_bytes') ?? null,
      outBytes: rates.get('out_bytes') ?? null,
      cpu: numberOf(varz.cpu),
      memory: numberOf(varz.mem),
      connections: numberOf(varz.connections),
      subscriptions: numberOf(varz.subscriptions),
      outbound: numberOf(server.outbound_bytes),
    };
    this.history.add(nowMs, values, this.plan.refreshMs / 2);
  }
}

function countersOf(epoch: string, atMs: number, varz: Row): Counters {
  return { epoch, atMs, counts: new Map(TRAFFIC.map((name) => [name, numberOf(varz[name])])) };
}
