/** Reads the text of a wire script. */
import { EMPTY_CASE, type Script, type Step, type WireCase } from './script.ts';

export function parseScript(topic: string, text: string): Script {
  const reader = new ScriptReader(topic);
  text.split('\n').forEach((line, index) => {
    reader.line(line, index + 1);
  });
  return reader.finish();
}

type Block = { kind: 'config' | 'reload'; lines: string[]; line: number };

class ScriptReader {
  private readonly topic: string;
  private readonly cases: WireCase[] = [];
  /** What holds for every case of the file: whatever stands before the first. */
  private head: WireCase = EMPTY_CASE;
  private current: WireCase | null = null;
  private block: Block | null = null;
  private number = 0;
  private readonly words = new Map<string, string>();

  constructor(topic: string) {
    this.topic = topic;
  }

  line(text: string, number: number): void {
    this.number = number;
    if (this.block !== null && (text.startsWith('  ') || text === '')) {
      this.block.lines.push(text.slice(2));
      return;
    }
    this.endBlock();
    if (text === '' || text.startsWith('#')) return;
    if (text.startsWith('== ')) this.startCase(text.slice(3).trim());
    else if (text.startsWith('let ')) this.define(text.slice(4));
    else if (text.startsWith('@')) this.rule(text.slice(1).trim());
    else if (text === 'config:') this.block = { kind: 'config', lines: [], line: number };
    else if (text === 'server reload:') this.block = { kind: 'reload', lines: [], line: number };
    else this.step(text);
  }

  finish(): Script {
    this.endBlock();
    return { topic: this.topic, cases: this.cases };
  }

  private startCase(name: string): void {
    this.current = { ...this.head, name, line: this.number, steps: [] };
    this.cases.push(this.current);
  }

  private define(text: string): void {
    const [, name, value] = /^(\w+) = (.*)$/.exec(text) ?? this.refuse('let NAME = text');
    this.words.set(name, this.expand(value));
  }

  private rule(text: string): void {
    const [name, ...rest] = text.split(' ');
    const value = rest.join(' ');
    if (name === 'since') this.change({ since: value });
    else if (name === 'before') this.change({ before: value });
    else if (name === 'only' && (value === 'genuine' || value === 'gnatlet')) this.change({ only: value });
    else if (name === 'fresh') this.change({ isFresh: true });
    else if (name === 'uncut') this.change({ isUncut: true });
    else if (name === 'once') this.change({ isPlayedOnce: true });
    else if (name === 'split') this.change({ pieceBytes: Number(value) });
    else if (name === 'timeout') this.change({ timeoutMs: Number(value) * 1000 });
    else this.refuse(`@since @before @only @fresh @uncut @once @split @timeout`);
  }

  private change(changes: Partial<WireCase>): void {
    if (this.current === null) this.head = { ...this.head, ...changes };
    else Object.assign(this.current, changes);
  }

  private endBlock(): void {
    const block = this.block;
    this.block = null;
    if (block === null) return;
    const config = `${block.lines.join('\n').trimEnd()}\n`;
    if (block.kind === 'config') this.change({ config });
    else this.push({ kind: 'reload', config, line: block.line });
  }

  private step(text: string): void {
    const line = this.number;
    const [, connection, way, times, rest] = /^([A-Z]\d?)([<>])(?:\*(\d+))? (.*)$/.exec(text) ?? [];
    if (way === '<' && rest === 'EOF') this.push({ kind: 'eof', connection, line });
    else if (way !== undefined) {
      const kind = way === '>' ? 'send' : 'expect';
      this.push({ kind, connection, text: this.expand(rest), times: Number(times ?? 1), line });
    } else this.command(text, line);
  }

  private command(text: string, line: number): void {
    const [, signal] = /^server signal (SIG\w+)$/.exec(text) ?? [];
    const [, pause] = /^server pause (\d+)$/.exec(text) ?? [];
    if (signal !== undefined) this.push({ kind: 'signal', signal: signal as NodeJS.Signals, line });
    else if (pause !== undefined) this.push({ kind: 'pause', milliseconds: Number(pause), line });
    else {
      const [, connection, kind] = /^([A-Z]\d?) (open|silent|close|tls|sync)$/.exec(text) ?? this.refuse('a step');
      this.push({ kind: kind as 'open', connection, line });
    }
  }

  private push(step: Step): void {
    if (this.current === null) this.refuse('a case (== sentence) before the first step');
    else this.current.steps.push(step);
  }

  /** Puts in what `let` defined. Whatever else stands in `${...}` is left for the player. */
  private expand(text: string): string {
    return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => this.words.get(name) ?? whole);
  }

  private refuse(wanted: string): never {
    throw new Error(`${this.topic}.wire:${this.number}: expected ${wanted}`);
  }
}
