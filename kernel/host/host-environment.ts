/** What all plugins of one broker share, as the host hands it to the code that runs a single plugin. */
import type { HookTypes } from '../hooks/hook-types.ts';
import type { CapabilityTable } from './capability-table.ts';
import type { HostDescription } from './describe.ts';
import type { KernelServices } from './kernel-services.ts';
import type { NameTable } from './name-table.ts';
import type { EndpointHandler } from './plugin-context.ts';
import type { Phase } from './plugin-definition.ts';
import type { Report } from './report.ts';
import type { Scope } from './scope.ts';

export interface HostEnvironment {
  readonly kernel: KernelServices;
  readonly capabilities: CapabilityTable;
  readonly verbs: NameTable<HookTypes['verbHandler']>;
  readonly endpoints: NameTable<EndpointHandler>;
  /** The broker's scope; each plugin gets a child. */
  readonly scope: Scope;
  readonly report: Report;
  readonly describe: () => HostDescription;
  readonly deadlinesMs: Readonly<Record<Phase, number>>;
}
