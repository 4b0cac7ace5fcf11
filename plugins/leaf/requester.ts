/** Who asks a service is told by account. Where the hub calls that account otherwise it is told the name it knows. */
import { type Message, withHeaderField } from '../../kernel/plugin-api.ts';

const FIELD = 'Nats-Request-Info';

/** `names`: what the hub calls the accounts here. Answers the message itself where there is nothing to change. */
export function withAccountOfHub(message: Message, names: ReadonlyMap<string, string>): Message {
  const { bytes, headerStart, headerLength } = message;
  const at = bytes.indexOf(`${FIELD}: `, headerStart);
  if (at < 0 || at >= headerStart + headerLength) return message;
  const text = bytes.toString('utf8', at + FIELD.length + 2, bytes.indexOf('\r\n', at));
  const info = factsIn(text);
  const name = names.get(String(info?.acc));
  if (info === null || name === undefined) return message;
  const told = Buffer.from(JSON.stringify({ ...info, acc: name })).toString('latin1');
  return withHeaderField(message, FIELD, told);
}

function factsIn(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}
