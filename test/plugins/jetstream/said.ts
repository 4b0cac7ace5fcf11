/** What clients say to streams and consumers, one thing after the other; each of these begins with nothing there. */

export interface Said {
  readonly subject: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many messages come back; 1 unless it is said. 0 sends without asking for an answer. */
  readonly answers?: number;
  /** Of a batch that flows: the reply subject says it. */
  readonly place?: string;
  /** Ends with the first message that has a status, however many were expected. */
  readonly endsWithStatus?: boolean;
  /** How long answers are waited for; where none come that is written down. */
  readonly patienceMs?: number;
  /** Where answers go instead of to an inbox of its own: they are heard there. */
  readonly reply?: string;
  /** Waits so long before. */
  readonly afterMs?: number;
  /** From now on what is heard there is written down with the rest. */
  readonly listensOn?: string;
}

export interface Conversation {
  readonly name: string;
  readonly said: readonly Said[];
}

export const api = (endpoint: string, body: object | string = ''): Said => ({
  subject: `$JS.API.${endpoint}`,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
export const stream = (name: string, more: object = {}): Said =>
  api(`STREAM.CREATE.${name}`, { name, subjects: [`${name.toLowerCase()}.>`], storage: 'memory', ...more });
export const pub = (subject: string, body = 'x', headers?: Readonly<Record<string, string>>): Said =>
  headers === undefined ? { subject, body } : { subject, body, headers };
export const next = (consumer: string, body: object | string, answers = 1): Said => ({
  ...api(`CONSUMER.MSG.NEXT.${consumer}`, body),
  answers,
});
export const consumer = (of: string, name: string, config: object = {}): Said =>
  api(`CONSUMER.CREATE.${of}.${name}`, {
    stream_name: of,
    config: { durable_name: name, ack_policy: 'explicit', ...config },
  });
export const batched = (
  subject: string,
  body: string,
  id: string,
  at: number,
  more: Record<string, string> = {},
): Said => pub(subject, body, { 'Nats-Batch-Id': id, 'Nats-Batch-Sequence': String(at), ...more });
export const fast = (subject: string, place: string, answers: number, body = 'x'): Said => ({
  subject,
  body,
  place,
  answers,
});
export const info = (name: string): Said => api(`STREAM.INFO.${name}`, { deleted_details: true, subjects_filter: '>' });
