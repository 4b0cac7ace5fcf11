/** INFO and CONNECT as NATS servers write them: what matters to HTML is escaped, and INFO has a blank at its end. */

export function infoLine(info: object): Buffer {
  return Buffer.from(`INFO ${json(info)} \r\n`, 'utf8');
}

export function connectLine(connect: object): Buffer {
  return Buffer.from(`CONNECT ${json(connect)}\r\n`, 'utf8');
}

const ESCAPES: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };

export function json(value: object): string {
  return JSON.stringify(value).replace(/[<>&]/g, (character) => ESCAPES[character]!);
}
