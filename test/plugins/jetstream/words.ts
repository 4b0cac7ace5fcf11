/** What conversations are made of. */
import type { Said } from './said.ts';

type Headers = Readonly<Record<string, string>>;

export const api = (endpoint: string, body: object | string = '', headers?: Headers): Said => ({
  subject: `$JS.API.${endpoint}`,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ...(headers === undefined ? {} : { headers }),
});

export const stream = (name: string, more: object = {}): Said =>
  api(`STREAM.CREATE.${name}`, { name, subjects: [`${name.toLowerCase()}.>`], storage: 'memory', ...more });

export const update = (name: string, more: object = {}): Said =>
  api(`STREAM.UPDATE.${name}`, { name, subjects: [`${name.toLowerCase()}.>`], storage: 'memory', ...more });

export const info = (name: string): Said => api(`STREAM.INFO.${name}`, { deleted_details: true, subjects_filter: '>' });

export const pub = (subject: string, body = 'x', headers?: Headers): Said =>
  headers === undefined ? { subject, body } : { subject, body, headers };

export const consumer = (of: string, name: string, config: object = {}, more: object = {}): Said =>
  api(`CONSUMER.CREATE.${of}.${name}`, {
    stream_name: of,
    config: { durable_name: name, ack_policy: 'explicit', ...config },
    ...more,
  });

export const about = (of: string, name: string): Said => api(`CONSUMER.INFO.${of}.${name}`);

export const next = (name: string, body: object | string, answers = 1): Said => ({
  ...api(`CONSUMER.MSG.NEXT.${name}`, body),
  answers,
});

/** `which` is deliveries, stream sequence and consumer sequence. */
export const ack = (name: string, which: string, body = '+ACK'): Said => ({
  subject: `$JS.ACK.${name}.${which}.1.1`,
  body,
});

/** From now on what is heard there is told with the rest. */
export const listen = (subject: string): Said => ({ ...api('STREAM.NAMES'), listensOn: subject });

/** The stream and the consumer of `later`. */
export const clock: readonly Said[] = [stream('CLOCK'), consumer('CLOCK', 'C', { ack_policy: 'none' })];

/** Lets time pass on both sides: a pull request that finds nothing. */
export const later = (ms: number): Said => next('CLOCK.C', { batch: 1, expires: ms * 1_000_000 });
