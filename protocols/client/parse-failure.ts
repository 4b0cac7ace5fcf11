/**
 * What was wrong with a frame that could not be read, in the words of a NATS server's log. The frame is looked at once
 * more for this: it is the last one of its connection.
 *
 * Of what is no verb at all only the first word is shown, where a NATS server shows 32 bytes: behind a verb with a typing
 * error stand credentials.
 */
import { quoted } from './quoted.ts';
import { lettersOfVerb, matchVerb, stateOfVerb, Verb } from './verbs.ts';

export interface FailedFrame {
  readonly bytes: Buffer;
  /** Where it begins, and where what has arrived ends. */
  readonly start: number;
  readonly end: number;
  /** Where the bytes begin that were read in one go. */
  readonly readStart: number;
}

export interface FailureReport {
  /** The frame as a trace shows it; empty where not even its verb made sense. */
  readonly traced: string;
  readonly text: string;
}

const SNIPPET_MAX = 32;
/** As the reference server numbers what it waits for: the end of a message, and the line feed of that. */
const AT_MESSAGE_END = 41;
const AT_MESSAGE_LINE_FEED = 42;

/** Of a frame whose verb is known and whose arguments are no good. */
export function malformedReport(frame: FailedFrame, takesHeaders: boolean): FailureReport {
  const { verb, words } = wordsOf(frame);
  const traced = `${NAMES[verb] ?? ''} ${words}`;
  const list = words === '' ? [] : words.split(/[ \t]+/);
  if (verb === Verb.pub) return { traced, text: `${publishMistake(list)}: ${quoted(words)}` };
  if (verb === Verb.sub) return { traced, text: `processSub Parse Error: ${quoted(words)}` };
  if (verb === Verb.unsub) return { traced, text: `processUnsub Parse Error: ${quoted(words)}` };
  if (!takesHeaders) return { traced, text: 'message headers not supported' };
  return { traced, text: `${headerPublishMistake(list)}: ${quoted(words)}` };
}

/** Of bytes that are no frame, or of a message that does not end where its size says. */
export function unknownReport(frame: FailedFrame): FailureReport {
  const { bytes, start, end, readStart } = frame;
  const verb = matchVerb(bytes, start, end);
  const isPublish = (verb === Verb.pub || verb === Verb.hpub) && isBlank(bytes[start + Verb.length[verb]!]);
  if (isPublish) return unendedReport(frame);
  const letters = lettersOfVerb(bytes, start, end);
  return { traced: '', text: parserError(frame, stateOfVerb(bytes, start, letters), start + letters, readStart) };
}

/** The frame as a trace shows it. */
export function tracedFrame(frame: FailedFrame): string {
  const { verb, words } = wordsOf(frame);
  return `${NAMES[verb] ?? ''} ${words}`;
}

function unendedReport(frame: FailedFrame): FailureReport {
  const { bytes, start, end, readStart } = frame;
  const { words, lineEnd } = wordsOf(frame);
  const bodyEnd = lineEnd + 1 + Number(/\d+$/.exec(words)?.[0] ?? 0);
  const isBegun = bodyEnd < end && bytes[bodyEnd] === 13;
  const state = isBegun ? AT_MESSAGE_LINE_FEED : AT_MESSAGE_END;
  const at = isBegun ? bodyEnd + 1 : bodyEnd;
  return { traced: tracedFrame({ bytes, start, end, readStart }), text: parserError(frame, state, at, readStart) };
}

function parserError({ bytes, end }: FailedFrame, state: number, at: number, readStart: number): string {
  const [word = ''] = bytes.toString('latin1', at, Math.min(end, at + SNIPPET_MAX)).split(/[ \t\r\n]/, 1);
  return `Client parser ERROR, state=${state}, i=${at - readStart}: proto='${quoted(word)}...'`;
}

function publishMistake(words: readonly string[]): string {
  return words.length < 2 || words.length > 3 ? 'processPub Parse Error' : 'processPub Bad or Missing Size';
}

function headerPublishMistake(words: readonly string[]): string {
  if (words.length < 3 || words.length > 4) return 'processHeaderPub Parse Error';
  const [header = '', total = ''] = words.slice(-2);
  if (!SIZE.test(header)) return 'processHeaderPub Bad or Missing Header Size';
  if (!SIZE.test(total)) return 'processHeaderPub Bad or Missing Total Size';
  return 'processHeaderPub Header Size larger then TotalSize';
}

const SIZE = /^\d{1,9}$/;
const NAMES: Readonly<Record<number, string>> = {
  [Verb.pub]: 'PUB',
  [Verb.hpub]: 'HPUB',
  [Verb.sub]: 'SUB',
  [Verb.unsub]: 'UNSUB',
};

/** The arguments as they were written, without what stands around them. */
function wordsOf({ bytes, start, end }: FailedFrame): { verb: number; words: string; lineEnd: number } {
  const verb = matchVerb(bytes, start, end);
  const at = bytes.indexOf(10, start);
  const lineEnd = at < 0 || at > end ? end : at;
  const line = bytes.toString('latin1', start + (Verb.length[verb] ?? 0), lineEnd);
  return { verb, words: line.replace(/^[ \t]+|[ \t\r]+$/g, ''), lineEnd };
}

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}
