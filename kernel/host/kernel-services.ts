/** What the kernel puts into a plugin's hands. Grows with the kernel; nothing is taken away within an API version. */
import type { HookTypes } from '../hooks/hook-types.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { Log } from '../log.ts';
import type { Ports } from '../ports/ports.ts';

export interface KernelServices {
  readonly ports: Ports;
  readonly log: Log;
  /** For calling. To tap one, use `ctx.tap`, which is undone when the plugin closes. */
  readonly hooks: Hooks;
  /** The broker itself: accounts, connections, publishing. */
  readonly broker: HookTypes['server'];
  /** The kernel's own options; replaced as a whole by a reload. */
  readonly options: Readonly<HookTypes['options']>;
}
