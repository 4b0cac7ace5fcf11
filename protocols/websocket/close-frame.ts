/** What close frames say. */
import { isUtf8 } from 'node:buffer';
import type { Violation } from './frame-reader.ts';
import { CloseCode, CONTROL_PAYLOAD_MAX } from './opcodes.ts';

const CODE_BYTES = 2;
const REASON_BYTES_MAX = CONTROL_PAYLOAD_MAX - CODE_BYTES;
const CUT = '...';

export function closePayload(code: number, reason: string): Buffer {
  const text = Buffer.from(reason, 'utf8');
  const payload = Buffer.allocUnsafe(CODE_BYTES + Math.min(text.length, REASON_BYTES_MAX));
  payload.writeUInt16BE(code, 0);
  if (text.length <= REASON_BYTES_MAX) text.copy(payload, CODE_BYTES);
  else {
    // A character that does not fit whole is left out whole.
    const kept = wholeCharacters(text, REASON_BYTES_MAX - CUT.length);
    text.copy(payload, CODE_BYTES, 0, kept);
    payload.write(CUT, CODE_BYTES + kept, 'latin1');
    return payload.subarray(0, CODE_BYTES + kept + CUT.length);
  }
  return payload;
}

/** The payload of the answer to a close frame, or what is wrong with that frame. */
export function answerToClose(payload: Buffer): Buffer | Violation {
  if (payload.length === 0) return payload;
  if (payload.length < CODE_BYTES) return broken('close frame payload cannot be 1 byte');
  const code = payload.readUInt16BE(0);
  if (!isValidCode(code)) return broken(`invalid close status code ${code}`);
  if (isUtf8(payload.subarray(CODE_BYTES))) return payload;
  return closePayload(CloseCode.invalidPayload, 'invalid utf8 body in close frame');
}

/** Registered codes that may be sent, and those free for libraries and programs. */
function isValidCode(code: number): boolean {
  if (code >= 3000 && code < 5000) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

function broken(text: string): Violation {
  return { code: CloseCode.protocolError, text };
}

function wholeCharacters(text: Buffer, most: number): number {
  let end = most;
  while (end > 0 && ((text[end] as number) & 0xc0) === 0x80) end--;
  return end;
}
