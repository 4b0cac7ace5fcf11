/** Whether this server can be used: what /healthz would say. */
import type { HookTypes } from '../../kernel/plugin-api.ts';
import type { MonitorQuery, MonitorSection } from '../monitoring/contract.ts';
import type { Health } from './look.ts';

const UNAVAILABLE: ReadonlySet<number> = new Set([503, 404]);

/** A request that asks for nothing in particular. */
const PLAIN_QUERY: MonitorQuery = {
  text: () => '',
  boolean: () => false,
  integer: () => 0,
  unsigned: () => 0n,
  subscriptions: () => 'none',
};

/** A check that fails is itself something that is wrong. */
export async function healthOf(broker: HookTypes['server'], sections: readonly MonitorSection[]): Promise<Health> {
  if (!isListening(broker) || sections.some(hasClosedListener)) return 'error';
  try {
    for (const section of sections) {
      const [worst] = (await section.health?.(PLAIN_QUERY)) ?? [];
      if (worst !== undefined) return UNAVAILABLE.has(worst.code ?? 503) ? 'unavailable' : 'error';
    }
    return 'ok';
  } catch {
    return 'error';
  }
}

function hasClosedListener(section: MonitorSection): boolean {
  return (section.closedListeners?.() ?? []).length > 0;
}

/** A broker that is embedded without a port has none to be open. */
function isListening({ options, isLameDuck, listener }: HookTypes['server']): boolean {
  return options.port === null ? !isLameDuck : listener.address !== null;
}
