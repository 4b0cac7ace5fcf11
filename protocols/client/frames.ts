/** Frames the broker sends that are always the same, and the texts around those that are not. */

export const PING = Buffer.from('PING\r\n');
export const PONG = Buffer.from('PONG\r\n');
export const OK = Buffer.from('+OK\r\n');

export function errorFrame(text: string): Buffer {
  return Buffer.from(`-ERR '${text}'\r\n`, 'utf8');
}

export function infoFrame(info: object): Buffer {
  return Buffer.from(`INFO ${JSON.stringify(info)} \r\n`, 'utf8');
}

/** What a requester gets when nobody serves the subject: subject and sid as bytes-as-characters. */
export function noRespondersFrame(reply: string, sid: string, subject: string): Buffer {
  const header = `NATS/1.0 503\r\nNats-Subject: ${subject}\r\n\r\n`;
  return Buffer.from(`HMSG ${reply} ${sid} ${header.length} ${header.length}\r\n${header}\r\n`, 'latin1');
}
