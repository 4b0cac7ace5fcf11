/** Holds a conversation with a server, and writes down what it answers, without what is never the same twice. */
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { Conversation, Said } from './said.ts';

const SILENCE_MS = 200;
const DEADLINE_MS = 2_000;

/** One line for each answer. */
export async function converse(client: NatsConnection, conversation: Conversation): Promise<string[]> {
  const heard: string[] = [];
  const overheard: string[] = [];
  for (const said of conversation.said) {
    if (said.listensOn !== undefined) listen(client, said.listensOn, overheard);
    if (said.afterMs !== undefined) await pause(said.afterMs, heard, overheard);
    const answers = await answersTo(client, said);
    heard.push(
      `> ${said.subject} ${(said.body ?? '').slice(0, 120)} ${said.place ?? ''} ${JSON.stringify(said.headers ?? {})}`,
    );
    for (const answer of answers) heard.push(`  ${answer}`);
  }
  await pause(SILENCE_MS, heard, overheard);
  return heard;
}

/** Only where there is a pause is it certain what has come by then, on its own and in no order. */
async function pause(milliseconds: number, heard: string[], overheard: string[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  for (const message of overheard.splice(0).sort()) heard.push(`* ${message}`);
}

/** What comes on its own. */
function listen(client: NatsConnection, subject: string, overheard: string[]): void {
  client.subscribe(subject, {
    callback: (_error, message) => void overheard.push(written(message)),
  });
}

async function answersTo(client: NatsConnection, said: Said): Promise<string[]> {
  if (said.reply !== undefined) {
    client.publish(said.subject, said.body ?? '', { reply: said.reply });
    await client.flush();
    return [];
  }
  const inbox = `answers.${Math.random().toString(36).slice(2)}`;
  const wanted = said.answers ?? 1;
  const reply = said.place === undefined ? inbox : `${inbox}.${said.place}.$FI`;
  const subscription = client.subscribe(said.place === undefined ? inbox : `${inbox}.>`, {
    max: wanted,
  });
  const options = said.headers === undefined ? { reply } : { reply, headers: headersOf(said.headers) };
  client.publish(said.subject, said.body ?? '', options);
  const heard: string[] = [];
  const tooLate = setTimeout(() => {
    heard.push('nothing more');
    subscription.unsubscribe();
  }, said.patienceMs ?? DEADLINE_MS);
  for await (const message of subscription) {
    heard.push(written(message));
    if (said.endsWithStatus === true && isFinal(message)) break;
  }
  clearTimeout(tooLate);
  return heard;
}

/** Signs of life are not. */
function isFinal({ headers: found }: Msg): boolean {
  return found !== undefined && found.code > 100;
}

function headersOf(values: Readonly<Record<string, string>>): ReturnType<typeof headers> {
  const made = headers();
  for (const [name, value] of Object.entries(values)) made.append(name, value);
  return made;
}

/** Subject unless it is the inbox, reply, header and body. */
function written(message: Msg): string {
  const subject = message.subject.startsWith('answers.') ? '' : `${message.subject} `;
  const reply = message.reply === undefined || message.reply === '' ? '' : `[${message.reply}] `;
  return stable(`${subject}${reply}${headerText(message)}${message.string()}`);
}

function headerText({ headers: found }: Msg): string {
  if (found === undefined) return '';
  const status = found.code === 0 ? '' : `${found.code} ${found.description} `;
  const fields = found.keys().map((key) => `${key}=${found.values(key).join(',')}`);
  return `{${status}${fields.join('; ')}} `;
}

/** Without times, ids, versions, and who answers. */
function stable(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (time) => (time.startsWith('0001') ? time : 'TIME'))
    .replace(/(\$JS\.ACK\.[^\]]+\.)\d{19}(\.\d+\])/g, '$1TIME$2')
    .replace(/"_nats\.ver":"[^"]+"/g, '"_nats.ver":"V"')
    .replace(/"id":"\w{22}"/g, '"id":"ID"')
    .replace(/"pause_remaining":\d+/g, '"pause_remaining":N')
    .replace(/"ack_time":\d+/g, '"ack_time":N')
    .replace(/Nats-Pin-Id=\w{22}/g, 'Nats-Pin-Id=ID')
    .replace(/"pinned_client_id":"\w{22}"/g, '"pinned_client_id":"ID"')
    .replace(/"leader":"[^"]+"/g, '"leader":"L"')
    .replace(/"total":\d+,"errors":\d+/g, '"total":N,"errors":N')
    .replace(/"pinned_id":"\w{22}"/g, '"pinned_id":"ID"')
    .replace(/"active":\d+/g, '"active":N')
    .replace(
      /"sources":\[((?:\{[^{}[\]]*"active":[^{}[\]]*\},?)+)\]/g,
      (_all, list: string) => `"sources":[${sorted(list)}]`,
    )
    .replace(/"hdrs":"([^"]+)"/g, (_all, text: string) => `"hdrs":${JSON.stringify(plainHeader(text))}`)
    .replace(/(Nats-Stream-Source=[^;}]* )\w{8}\b/, '$1ID')
    .replace(/,"inflight":\d+/g, '')
    .replace(/.*api_audit.*|.*snapshot_c.*/, withoutPlaces);
}

/** A genuine server tells of sources in any order. */
function sorted(list: string): string {
  return list
    .split(/(?<=\}),/)
    .sort()
    .join(',');
}

/** Without who asks and who answers, also where one answer is written into another. */
function withoutPlaces(text: string): string {
  return text
    .replace(/"server":"[^"]+"/g, '"server":"SERVER"')
    .replace(/"rtt":\d+/g, '"rtt":N')
    .replace(/"id":\d+/g, '"id":N')
    .replace(/("client":\{[^}]*"lang":)"[^"]+","ver":"[^"]+"/g, '$1"LANG","ver":"V"')
    .replace(/_nats\.ver\\":\\"[^\\]+/g, '_nats.ver\\":\\"V')
    .replace(/leader\\":\\"[^\\]+/g, 'leader\\":\\"L')
    .replace(/\\"total\\":\d+,\\"errors\\":\d+/g, '\\"total\\":N,\\"errors\\":N')
    .replace(/,\\"inflight\\":\d+/g, '');
}

/** Streams of one name are told apart by what they were given when they were made: written into what is taken from them. */
function plainHeader(text: string): string {
  const header = Buffer.from(text, 'base64').toString();
  if (!header.includes('Nats-Stream-Source')) return text;
  return header.replace(/(Nats-Stream-Source: .* )\S+\r/, '$1ID\r');
}
