/** What the monitor shows of this plugin: the services that every account may ask, and what waits to be said and answered. */
import { type Account, textFromSubject } from '../../kernel/plugin-api.ts';
import type { MonitorSection } from '../monitoring/contract.ts';
import { OF_ONESELF } from './requests/reception.ts';

export interface Waiting {
  readonly events: number;
  readonly requests: number;
}

export function monitorSection(system: Account, waiting: () => Waiting): MonitorSection {
  return {
    account: (account) =>
      account === system
        ? { imports: importsOf(system, system), exports: EXPORTS }
        : { imports: importsOf(account, system) },
    queues: () => {
      const { events, requests } = waiting();
      return {
        'System sendQ': { pending: events },
        'System recvQ': { pending: 0, in_progress: requests || undefined },
      };
    },
  };
}

const EXPORTS = [
  { subject: '$SYS.REQ.ACCOUNT.*.CONNZ', type: 'service', response_type: 'Streamed' },
  { subject: '$SYS.REQ.ACCOUNT.*.STATZ', type: 'service', response_type: 'Streamed' },
  { subject: '$SYS.REQ.USER.*.INFO', type: 'service', response_type: 'Singleton' },
  { subject: '$SYS.DEBUG.SUBSCRIBERS', type: 'service', response_type: 'Singleton' },
];

/** They are no imports by which messages go: every account has them, and none keeps anything for it. */
function importsOf(account: Account, system: Account): readonly object[] {
  const asked = account === system ? OF_ONESELF.filter(([, service]) => service === '') : OF_ONESELF;
  const name = textFromSubject(account.name);
  return asked.map(([local, service]) => ({
    subject: service === '' ? `$SYS.REQ.USER.${name}.INFO` : `$SYS.REQ.ACCOUNT.${name}.${service}`,
    account: system.name,
    to: local,
    local_subject: local,
    type: 'service',
    invalid: false,
    share: service === '',
    tracking: false,
  }));
}
