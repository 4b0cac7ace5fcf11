/** All hook points of one broker, as fields: `hooks.publishCheck` is the hook `publish.check`. */
import { CATALOGUE, type HookName, type SlotOf, type TapOf } from './catalogue.ts';
import type { HookDeclaration } from './hook-declaration.ts';
import { type HookDescription, HookPoint } from './hook-point.ts';
import { suggestion } from './nearest-name.ts';
import { PluginError } from './plugin-error.ts';
import type { HookReporter } from './tap.ts';

export type HookField<Name extends string> = Name extends `${infer Noun}.${infer Verb}`
  ? `${Noun}${Capitalize<Verb>}`
  : Name;

export type Hooks = {
  readonly [Name in HookName as HookField<Name>]: HookPoint<TapOf<Name>, SlotOf<Name>>;
};

export function createHooks(reporter: HookReporter): Hooks {
  const hooks: Record<string, HookPoint<unknown, unknown>> = {};
  for (const [name, declaration] of Object.entries(CATALOGUE)) {
    hooks[fieldOf(name)] = new HookPoint(name, declaration as HookDeclaration<unknown, unknown>, reporter);
  }
  return hooks as unknown as Hooks;
}

/** The hook of that name. Plugins from npm are not all typed, so an unknown name is answered with the nearest one. */
export function hookPoint<Name extends HookName>(hooks: Hooks, name: Name): HookPoint<TapOf<Name>, SlotOf<Name>> {
  if (!Object.hasOwn(CATALOGUE, name)) {
    const remedy = `use one of ${Object.keys(CATALOGUE).join(', ')}${suggestion(name, Object.keys(CATALOGUE))}`;
    throw new PluginError('HOOK_UNKNOWN', `there is no hook "${name}"`, remedy);
  }
  return (hooks as unknown as Record<string, HookPoint<TapOf<Name>, SlotOf<Name>>>)[fieldOf(name)]!;
}

export function describeHooks(hooks: Hooks): HookDescription[] {
  return Object.values(hooks).map((point) => (point as HookPoint<unknown, unknown>).describe());
}

function fieldOf(name: string): string {
  return name.replace(/\.(.)/, (_, letter: string) => letter.toUpperCase());
}
