/** One import of one account: how it was judged, and what runs while it is in force. */
import type { Account, Broker, Timer } from '../../kernel/plugin-api.ts';
import type { ImportRule, ImportState, ServiceExport } from './contract.ts';
import type { InterestWatch } from './interest-watch.ts';
import { ACCOUNT_MISSING, type Verdict } from './rules/ledger.ts';
import type { SubjectMapping } from './rules/subject-mapping.ts';
import type { Crossings } from './services/crossings.ts';
import type { PendingSurroundings } from './services/pending-requests.ts';
import type { RemoteMeasures } from './services/remote-measures.ts';
import type { Responses } from './services/responses.ts';
import { ServiceImport } from './services/service-import.ts';
import { StreamImport } from './streams/stream-import.ts';

/** What an import needs of its surroundings. */
export interface ImportSurroundings {
  readonly broker: Broker;
  readonly watch: InterestWatch;
  readonly crossings: Crossings;
  readonly measures: RemoteMeasures;
  readonly pending: PendingSurroundings;
  readonly pendingMax: number;
  responsesOf(account: Account): Responses;
  judgeAgain(expired: AccountImport): void;
}

/** The longest a timer can wait. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export class AccountImport implements ImportState {
  readonly importer: Account;
  rule: ImportRule;
  problem: string | null = ACCOUNT_MISSING;
  mapping: SubjectMapping | null = null;
  /** What it is imported from; null while it is not. */
  source: Verdict['source'] = null;
  isOver = false;
  /** The rules count it: for rings, and for what may be there only once. */
  isEntered = false;
  private readonly surroundings: ImportSurroundings;
  private exporter: Account | null = null;
  private running: StreamImport | ServiceImport | null = null;
  private expiryTimer: Timer | null = null;

  constructor(importer: Account, rule: ImportRule, surroundings: ImportSurroundings) {
    this.importer = importer;
    this.rule = rule;
    this.surroundings = surroundings;
  }

  /** Starts, stops or leaves alone what runs. */
  settle(verdict: Verdict, exporter: Account | null, now: number): void {
    const isSilent = verdict.problem === ACCOUNT_MISSING && exporter !== null;
    this.problem = isSilent ? `${this.rule.kind} import not authorized` : verdict.problem;
    this.mapping = verdict.mapping;
    if (exporter === null && this.problem === null) this.problem = ACCOUNT_MISSING;
    this.source = this.problem === null ? verdict.source : null;
    if (this.problem !== null || exporter !== this.exporter) this.stop();
    if (this.problem !== null || exporter === null || verdict.mapping === null) return;
    if (this.running === null) this.start(exporter, verdict.mapping);
    else this.running.rule = this.rule;
    if (this.running instanceof ServiceImport) this.running.source = this.source as ServiceExport;
    this.watchTime(now);
  }

  /** The importing account is gone: what is under way has nowhere to go. */
  abandon(): void {
    if (this.running instanceof ServiceImport) this.running.abandon();
  }

  end(): void {
    this.isOver = true;
    this.stop();
  }

  private start(exporter: Account, mapping: SubjectMapping): void {
    const { broker, watch, crossings, measures, pending, pendingMax } = this.surroundings;
    const { importer, rule } = this;
    this.exporter = exporter;
    if (rule.kind === 'stream') {
      this.running = new StreamImport({ broker, rule, mapping, importer, exporter });
    } else {
      const source = this.source as ServiceExport;
      const responses = this.surroundings.responsesOf(exporter);
      const parts = {
        broker,
        rule,
        source,
        mapping,
        importer,
        responses,
        crossings,
        measures,
        surroundings: pending,
        pendingMax,
      };
      this.running = new ServiceImport(parts);
    }
    watch.add(this.running);
    this.running.start();
  }

  private stop(): void {
    this.expiryTimer?.cancel();
    this.expiryTimer = null;
    this.exporter = null;
    if (this.running === null) return;
    this.running.stop();
    this.surroundings.watch.remove(this.running);
    this.running = null;
  }

  private watchTime(now: number): void {
    this.expiryTimer?.cancel();
    const { validUntil } = this.rule;
    if (validUntil === undefined) return;
    const wait = Math.min(Math.max(validUntil - now, 1), TIMER_MAX_MS);
    this.expiryTimer = this.surroundings.broker.clock.after(wait, () => this.surroundings.judgeAgain(this));
  }
}

/** Two rules with one key ask for the same. */
export function ruleKey({
  kind,
  account,
  subject,
  localSubject,
  sharesRequester,
  allowsTrace,
  validUntil,
}: ImportRule) {
  return JSON.stringify([kind, account, subject, localSubject, sharesRequester, allowsTrace, validUntil ?? null]);
}
