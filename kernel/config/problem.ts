/**
 * What is wrong with a configuration, and where.
 *
 * Problems are collected, not thrown, so that an operator sees everything that has to change at once.
 */

import { quotedText } from '../../protocols/client/quoted.ts';

/** Where a key or value stands. Line 0 means that only the file (or the option's path, when embedding) is known. */
export interface Place {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** In bytes: from 0 on the first line, from 1 on all others, as a NATS server counts. */
  readonly column: number;
}

export interface Problem extends Place {
  readonly severity: 'error' | 'warning';
  readonly text: string;
  /** The text says itself where the trouble is; it is printed without a place in front. */
  readonly standsAlone: boolean;
}

export const NOWHERE: Place = Object.freeze({ file: '', line: 0, column: 0 });

export class Problems {
  readonly list: Problem[] = [];

  /** `<file>:<line>:<column>: <text>` */
  error(place: Place, text: string): void {
    this.#add(place, 'error', text, false);
  }

  /** A text that names its own place, such as `Parse error on line 3: '...'`. */
  bareError(place: Place, text: string): void {
    this.#add(place, 'error', text, true);
  }

  warning(place: Place, text: string): void {
    this.#add(place, 'warning', text, false);
  }

  /** A key is used in a way that works but should not be kept. */
  misuse(place: Place, field: string, reason: string): void {
    this.warning(place, `invalid use of field ${quotedText(field)}: ${reason}`);
  }

  get hasErrors(): boolean {
    return this.list.some((problem) => problem.severity === 'error');
  }

  #add(place: Place, severity: Problem['severity'], text: string, standsAlone: boolean): void {
    this.list.push({ severity, file: place.file, line: place.line, column: place.column, text, standsAlone });
  }
}

export function renderProblem(problem: Problem): string {
  if (problem.standsAlone || problem.file === '') return problem.text;
  if (problem.line === 0) return `${problem.file}: ${problem.text}`;
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.text}`;
}

/** All of them, one per line, warnings first. */
export function renderProblems(problems: readonly Problem[]): string {
  const warnings = problems.filter((problem) => problem.severity === 'warning');
  const errors = problems.filter((problem) => problem.severity === 'error');
  return [...warnings, ...errors].map(renderProblem).join('\n');
}
