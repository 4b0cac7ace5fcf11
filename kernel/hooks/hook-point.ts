/**
 * One hook of one broker: who taps it, in which order, and the single function they make together.
 *
 * The caller reads `slot` and tests it for null. Adding and removing taps replaces the slot, so a caller must not keep it
 * across calls.
 */
import { compile } from './compile.ts';
import type { HookDeclaration, HookKind, HookPlane } from './hook-declaration.ts';
import { PluginError } from './plugin-error.ts';
import { stableOrder } from './stable-order.ts';
import {
  type AnyTap,
  guardLater,
  guardNow,
  type HookReporter,
  nothing,
  STAGES,
  type Stage,
  type TapOptions,
  type TapOwner,
  TapRecord,
} from './tap.ts';

export interface TapDescription {
  plugin: string;
  stage: Stage;
  /** How often it threw. */
  throws: number;
}

export interface HookDescription {
  name: string;
  kind: HookKind;
  plane: HookPlane;
  isDeciding: boolean;
  parameters: readonly string[];
  guarantee: string;
  taps: TapDescription[];
}

export class HookPoint<Tap, Slot> {
  slot: Slot | null = null;
  readonly name: string;
  readonly #declaration: HookDeclaration<Tap, Slot>;
  readonly #reporter: HookReporter;
  #taps: TapRecord[] = [];
  #sequence = 0;
  #throwsOfRemoved = 0;

  constructor(name: string, declaration: HookDeclaration<Tap, Slot>, reporter: HookReporter) {
    this.name = name;
    this.#declaration = declaration;
    this.#reporter = reporter;
  }

  /** Adds a tap; the answer removes it again. A removed tap is not called any more, not even by a call under way. */
  tap(owner: TapOwner, run: Tap, options: TapOptions = {}): () => void {
    const hook = { name: this.name, isDeciding: this.#declaration.isDeciding, reporter: this.#reporter };
    const record = new TapRecord(hook, owner, run as AnyTap, options, this.#sequence++);
    this.#replace([...this.#taps, record]);
    return () => this.#remove(record);
  }

  /** Throws of taps since the start, those of removed taps included. */
  get throws(): number {
    return this.#taps.reduce((sum, tap) => sum + tap.throws, this.#throwsOfRemoved);
  }

  describe(): HookDescription {
    const { kind, plane, isDeciding, parameters, guarantee } = this.#declaration;
    const taps = this.#taps.map(({ owner, stage, throws }) => ({ plugin: owner.plugin, stage, throws }));
    return { name: this.name, kind, plane, isDeciding, parameters, guarantee, taps };
  }

  #remove(record: TapRecord): void {
    const left = this.#taps.filter((tap) => tap !== record);
    if (left.length === this.#taps.length) return;
    record.run = nothing;
    this.#throwsOfRemoved += record.throws;
    this.#replace(left);
  }

  /** Orders before it changes anything, so that an impossible order leaves the hook as it was. */
  #replace(taps: TapRecord[]): void {
    const ordered = orderTaps(this.name, taps);
    const guard = this.#declaration.plane === 'data' ? guardNow : guardLater;
    this.#taps = ordered;
    this.slot = compile(this.#declaration, ordered.map(guard)) as Slot | null;
  }
}

function orderTaps(hook: string, taps: readonly TapRecord[]): TapRecord[] {
  const preferred = [...taps].sort(byStageThenRank);
  const { order, cycle } = stableOrder(preferred.length, edgesOf(preferred));
  if (order !== null) return order.map((index) => preferred[index]!);
  const names = cycle.map((index) => preferred[index]!.owner.plugin);
  throw new PluginError(
    'HOOK_ORDER_CYCLE',
    `the taps of ${hook} cannot be ordered, ${[...names, names[0]].join(' before ')}`,
    'remove one of their before or after names',
    { plugin: names[0]! },
  );
}

function byStageThenRank(left: TapRecord, right: TapRecord): number {
  const stages = STAGES.indexOf(left.stage) - STAGES.indexOf(right.stage);
  return stages || left.owner.rank - right.owner.rank || left.sequence - right.sequence;
}

function* edgesOf(taps: readonly TapRecord[]): Iterable<[number, number]> {
  for (const [index, tap] of taps.entries()) {
    for (const [other, { owner }] of taps.entries()) {
      if (owner.plugin === tap.owner.plugin) continue;
      if (tap.before.includes(owner.plugin)) yield [index, other];
      if (tap.after.includes(owner.plugin)) yield [other, index];
    }
  }
}
