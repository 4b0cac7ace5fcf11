/**
 * What a wire script says, once read. The format is described in README.md.
 */
export interface Script {
  /** File name without ending: the topic. */
  topic: string;
  cases: WireCase[];
}

export interface WireCase {
  /** A sentence about what a user sees. */
  name: string;
  line: number;
  /** The server's configuration file; empty for none. */
  config: string;
  /** Only true of genuine servers from this version on, before that one, or not at all. */
  since: string;
  before: string;
  only: 'genuine' | 'gnatlet' | '';
  /** The server is started for this case alone. */
  isFresh: boolean;
  /** Everything is sent in pieces of so many bytes; 0 for one piece per line of the script. */
  pieceBytes: number;
  /** A genuine server answers differently depending on where the network cuts; it is not asked in pieces. */
  isUncut: boolean;
  /** Takes long and is not about how bytes come: played in whole lines only. */
  isPlayedOnce: boolean;
  timeoutMs: number;
  steps: Step[];
}

export type Step =
  | { kind: 'send'; connection: string; text: string; times: number; line: number }
  | { kind: 'expect'; connection: string; text: string; times: number; line: number }
  | { kind: 'open' | 'silent' | 'eof' | 'close' | 'tls' | 'sync'; connection: string; line: number }
  /** Lets time pass; only for cases that are about time. */
  | { kind: 'pause'; milliseconds: number; line: number }
  | { kind: 'signal'; signal: NodeJS.Signals; line: number }
  | { kind: 'reload'; config: string; line: number };

export const EMPTY_CASE: WireCase = {
  name: '',
  line: 0,
  config: '',
  since: '',
  before: '',
  only: '',
  isFresh: false,
  pieceBytes: 0,
  isUncut: false,
  isPlayedOnce: false,
  timeoutMs: 5000,
  steps: [],
};
