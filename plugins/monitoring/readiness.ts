/** Which listeners should be open and are not. */
import type { MonitorSection } from './contract.ts';
import type { Broker } from './monitor.ts';

/** The clients' own first. */
export function closedListeners(broker: Broker, sections: readonly MonitorSection[]): string[] {
  const own = isListening(broker) ? [] : ['server'];
  return [...own, ...sections.flatMap((section) => section.closedListeners?.() ?? [])];
}

/** A broker that is embedded without a port has none to be open. */
function isListening({ options, isLameDuck, listener }: Broker): boolean {
  return options.port === null ? !isLameDuck : listener.address !== null;
}
