/**
 * Turns an ordered list of guarded taps into one function: nothing for none, the tap itself for one, and for several
 * what tapable generates for the hook's kind.
 *
 * Tapable is loaded when the first hook gets its second tap, and only the part that hook needs: loading all of it
 * up front costs a broker that has no such hook 6 MB and 10 ms.
 */
import { createRequire } from 'node:module';
import type * as Tapable from 'tapable';
import type { HookKind, HookPlane } from './hook-declaration.ts';
import type { AnyTap } from './tap.ts';

type Arguments = [unknown, unknown, unknown, unknown];
type NowHook = Tapable.SyncHook<Arguments, unknown>;
type LaterHook = Tapable.AsyncSeriesBailHook<Arguments, unknown>;

/** Written out one by one, so that a bundler sees what they load. */
const NOW_PARTS: Record<HookKind, () => unknown> = {
  notify: () => createRequire(import.meta.url)('tapable/lib/SyncHook.js'),
  'first-answer': () => createRequire(import.meta.url)('tapable/lib/SyncBailHook.js'),
  transform: () => createRequire(import.meta.url)('tapable/lib/SyncWaterfallHook.js'),
};

const LATER_PARTS: Record<HookKind, () => unknown> = {
  notify: () => createRequire(import.meta.url)('tapable/lib/AsyncSeriesHook.js'),
  'first-answer': () => createRequire(import.meta.url)('tapable/lib/AsyncSeriesBailHook.js'),
  transform: () => createRequire(import.meta.url)('tapable/lib/AsyncSeriesWaterfallHook.js'),
};

export interface CompileShape {
  readonly kind: HookKind;
  readonly plane: HookPlane;
  readonly parameters: readonly string[];
}

/** `taps` are guarded already: none of them throws or rejects. */
export function compile(shape: CompileShape, taps: readonly AnyTap[]): AnyTap | null {
  if (taps.length === 0) return null;
  if (taps.length === 1) return alone(shape, taps[0]!);
  return shape.plane === 'data' ? composeNow(shape, taps) : composeLater(shape, taps);
}

/** One tap needs no composition, except that a transform without an answer passes its value on. */
function alone(shape: CompileShape, tap: AnyTap): AnyTap {
  if (shape.kind !== 'transform') return tap;
  if (shape.plane === 'data') return (a, b, c, d) => orElse(tap(a, b, c, d), a);
  return async (a, b, c, d) => orElse(await tap(a, b, c, d), a);
}

function orElse(answer: unknown, otherwise: unknown): unknown {
  return answer === undefined ? otherwise : answer;
}

function composeNow(shape: CompileShape, taps: readonly AnyTap[]): AnyTap {
  const Part = NOW_PARTS[shape.kind]() as new (parameters: readonly string[]) => NowHook;
  const hook = new Part(shape.parameters);
  for (const tap of taps) hook.tap('tap', tap);
  return (a, b, c, d) => hook.call(a, b, c, d);
}

function composeLater(shape: CompileShape, taps: readonly AnyTap[]): AnyTap {
  const Part = LATER_PARTS[shape.kind]() as new (parameters: readonly string[]) => LaterHook;
  const hook = new Part(shape.parameters);
  for (const tap of taps) hook.tapPromise('tap', tap as (...args: Arguments) => Promise<unknown>);
  return (a, b, c, d) => hook.promise(a, b, c, d);
}
