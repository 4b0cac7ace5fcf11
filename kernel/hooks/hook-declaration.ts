/**
 * What a hook is, as data: its kind, its plane, its arguments, and what taps and callers may rely on.
 *
 * The kind is the rule by which several taps become one answer. The plane says when it runs: control hooks are
 * awaited, data hooks run synchronously on the road of a message.
 */
import type { Refusal } from './refusal.ts';

/** notify: all taps run. first-answer: until one answers. transform: each gets what the one before made. */
export type HookKind = 'notify' | 'first-answer' | 'transform';
export type HookPlane = 'control' | 'data';

export interface HookDeclaration<Tap, Slot> {
  readonly kind: HookKind;
  readonly plane: HookPlane;
  /** A throw in a tap counts as a refusal. */
  readonly isDeciding: boolean;
  /** Names of the arguments, four at most. */
  readonly parameters: readonly string[];
  readonly guarantee: string;
  /** Never set; carries the types of what is tapped in and what is called. */
  readonly types?: { tap: Tap; slot: Slot };
}

/** One name for each argument. */
type Names<Args extends unknown[]> = { [K in keyof Args]: string };

export function notifyLater<Args extends unknown[]>(
  parameters: Names<Args>,
  guarantee: string,
): HookDeclaration<(...args: Args) => void | Promise<void>, (...args: Args) => Promise<void>> {
  return { kind: 'notify', plane: 'control', isDeciding: false, parameters, guarantee };
}

export function notifyNow<Args extends unknown[]>(
  parameters: Names<Args>,
  guarantee: string,
): HookDeclaration<(...args: Args) => void, (...args: Args) => void> {
  return { kind: 'notify', plane: 'data', isDeciding: false, parameters, guarantee };
}

/** First answer wins, and the answer may be a refusal. */
export function decideLater<Args extends unknown[], Answer>(
  parameters: Names<Args>,
  guarantee: string,
): HookDeclaration<
  (...args: Args) => Answer | Refusal | undefined | Promise<Answer | Refusal | undefined>,
  (...args: Args) => Promise<Answer | Refusal | undefined>
> {
  return { kind: 'first-answer', plane: 'control', isDeciding: true, parameters, guarantee };
}

export function decideNow<Args extends unknown[], Answer>(
  parameters: Names<Args>,
  guarantee: string,
): HookDeclaration<(...args: Args) => Answer | Refusal | undefined, (...args: Args) => Answer | Refusal | undefined> {
  return { kind: 'first-answer', plane: 'data', isDeciding: true, parameters, guarantee };
}

/** First answer wins; a tap that throws is passed over. */
export function answerLater<Args extends unknown[], Answer>(
  parameters: Names<Args>,
  guarantee: string,
): HookDeclaration<
  (...args: Args) => Answer | undefined | Promise<Answer | undefined>,
  (...args: Args) => Promise<Answer | undefined>
> {
  return { kind: 'first-answer', plane: 'control', isDeciding: false, parameters, guarantee };
}

/** The first argument is what each tap may replace; a tap that answers nothing, or throws, leaves it as it is. */
export function transformLater<Value, Rest extends unknown[] = []>(
  parameters: Names<[Value, ...Rest]>,
  guarantee: string,
): HookDeclaration<
  (value: Value, ...rest: Rest) => Value | undefined | Promise<Value | undefined>,
  (value: Value, ...rest: Rest) => Promise<Value>
> {
  return { kind: 'transform', plane: 'control', isDeciding: false, parameters, guarantee };
}

/** The synchronous one. */
export function transformNow<Value, Rest extends unknown[] = []>(
  parameters: Names<[Value, ...Rest]>,
  guarantee: string,
): HookDeclaration<(value: Value, ...rest: Rest) => Value | undefined, (value: Value, ...rest: Rest) => Value> {
  return { kind: 'transform', plane: 'data', isDeciding: false, parameters, guarantee };
}
