/** Every endpoint there is: the monitor's own, and those of other plugins. */
import type { MonitorEndpoint } from '../contract.ts';
import type { Monitor } from '../monitor.ts';
import { gatewayz, jsz, leafz, raftz, routez } from './absent.ts';
import { accountz } from './accountz.ts';
import { accstatz } from './accstatz.ts';
import { connz } from './connz.ts';
import { healthz } from './healthz.ts';
import { ipqueuesz } from './ipqueuesz.ts';
import { debugVars, stacksz } from './runtime.ts';
import { subsz } from './subsz.ts';
import { varz } from './varz.ts';

/** In the order of the index page. */
export function endpointsOf(monitor: Monitor): Map<string, MonitorEndpoint> {
  const own: MonitorEndpoint[] = [
    { path: '/varz', title: 'General', countedAs: '/varz', answer: () => varz(monitor) },
    { path: '/jsz', title: 'JetStream', countedAs: '/jsz', answer: (query) => jsz(monitor, query) },
    { path: '/connz', title: 'Connections', countedAs: '/connz', answer: (query) => connz(monitor, query) },
    { path: '/accountz', title: 'Accounts', countedAs: '/accountz', answer: (query) => accountz(monitor, query) },
    { path: '/accstatz', title: 'Account Stats', countedAs: '/accstatz', answer: (query) => accstatz(monitor, query) },
    { path: '/subsz', title: 'Subscriptions', countedAs: '/subsz', answer: (query) => subsz(monitor, query) },
    { path: '/subscriptionsz', countedAs: '/subsz', answer: (query) => subsz(monitor, query) },
    { path: '/routez', title: 'Routes', countedAs: '/routez', answer: (query) => routez(monitor, query) },
    { path: '/leafz', title: 'LeafNodes', countedAs: '/leafz', answer: (query) => leafz(monitor, query) },
    { path: '/gatewayz', title: 'Gateways', countedAs: '/gatewayz', answer: (query) => gatewayz(monitor, query) },
    { path: '/raftz', title: 'Raft Groups', answer: raftz },
    { path: '/healthz', title: 'Health Probe', countedAs: '/healthz', answer: (query) => healthz(monitor, query) },
    { path: '/debug/vars', title: 'Runtime Variables', answer: debugVars },
    { path: '/stacksz', answer: stacksz },
    { path: '/ipqueuesz', answer: (query) => ipqueuesz(monitor, query) },
  ];
  const others = monitor.sections.flatMap((section) => section.endpoints ?? []);
  return new Map([...own, ...others].map((endpoint) => [endpoint.path, endpoint]));
}
