/** What a request is about, read from its subject alone: so little of the plugin is loaded before anybody asks. */

export type Asked =
  | { readonly of: 'server'; readonly service: string }
  | { readonly of: 'account'; readonly name: string; readonly service: string }
  | { readonly of: 'user' | 'subscribers' | 'remote-subscribers' };

/** The origin of a question for all other servers: who asks it is not asked itself. */
export const NOT_HERE: object = Object.freeze({});

const SERVER = new Set([
  'IDZ',
  'STATSZ',
  'VARZ',
  'SUBSZ',
  'CONNZ',
  'ROUTEZ',
  'GATEWAYZ',
  'LEAFZ',
  'ACCOUNTZ',
  'JSZ',
  'HEALTHZ',
  'PROFILEZ',
  'EXPVARZ',
  'IPQUEUESZ',
  'RAFTZ',
]);
/** Never asked of all servers at once. */
const CONTROLS = new Set(['RELOAD', 'KICK', 'LDM']);
const ACCOUNT = new Set(['SUBSZ', 'CONNZ', 'LEAFZ', 'JSZ', 'INFO', 'STATZ', 'CONNS']);

/** Subjects of the system account. Undefined: no such service, and the request is left to others. */
export function readSubject(subject: string): Asked | undefined {
  const [, kind, what, whose = '', service = ''] = subject.split('.');
  if (kind === 'DEBUG') return { of: 'subscribers' };
  if (what === 'USER') return { of: 'user' };
  if (what === 'SERVER') return askedOfServer(whose === 'PING', service);
  if (service === '') return { of: 'remote-subscribers' };
  return ACCOUNT.has(service) ? { of: 'account', name: whose, service } : undefined;
}

function askedOfServer(isForAll: boolean, service: string): Asked | undefined {
  if (service === '') return { of: 'server', service: 'STATSZ' };
  const isKnown = SERVER.has(service) || (!isForAll && CONTROLS.has(service));
  return isKnown ? { of: 'server', service } : undefined;
}
