/** What the reply subject of a message says that belongs to a batch which flows: who it is, where it stands, what it wants. */

export const START = 0;
export const APPEND = 1;
export const COMMIT = 2;
export const END = 3;
export const PING = 4;

export interface FastPlace {
  readonly id: string;
  /** The most messages for each acknowledgement. */
  readonly flow: number;
  /** Goes on behind a gap, or an error. */
  readonly isForgiving: boolean;
  readonly sequence: number;
  readonly operation: number;
}

const SUFFIX = '.$FI';
const TOKENS = 6;
const ID_MAX = 64;
const FLOW_DEFAULT = 10;
const FLOW_MAX = 65_535;
const LETTER_I = 0x49;

/** Cheap enough to be asked of every message. */
export function isFastReply(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= SUFFIX.length || bytes[end - 1] !== LETTER_I) return false;
  for (let at = 0; at < SUFFIX.length; at++) {
    if (bytes[end - SUFFIX.length + at] !== SUFFIX.charCodeAt(at)) return false;
  }
  return true;
}

/** `pattern` or `id` says what is wrong with it. */
export function parseFastReply(reply: string): FastPlace | 'pattern' | 'id' {
  const tokens = reply.split('.');
  if (tokens.length <= TOKENS) return 'pattern';
  const [id = '', flowText = '', gap = '', sequenceText = '', operationText = ''] = tokens.slice(-TOKENS);
  const sequence = /^\d{1,15}$/.test(sequenceText) ? Number(sequenceText) : 0;
  const operation = /^[0-4]$/.test(operationText) ? Number(operationText) : -1;
  if (sequence === 0 || operation < 0 || (gap !== 'ok' && gap !== 'fail')) return 'pattern';
  if (operation === START ? sequence !== 1 : sequence === 1 && operation !== COMMIT && operation !== PING)
    return 'pattern';
  if (id.length > ID_MAX) return 'id';
  const asked = /^-?\d{1,9}$/.test(flowText) ? Number(flowText) : 0;
  const flow = asked <= 0 ? FLOW_DEFAULT : Math.min(asked, FLOW_MAX);
  return { id, flow, isForgiving: gap === 'ok', sequence, operation };
}
