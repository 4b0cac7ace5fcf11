import type { Server } from '../servers.ts';

/** One thing that was promised, and what came of it. */
export interface Figure {
  what: string;
  measured: string;
  target: string;
  /** Null: nothing was promised, or it could not be measured. */
  isMet: boolean | null;
}

export interface FigureScript {
  name: string;
  run(server: Server, isQuick: boolean): Promise<Figure[]>;
}

export function figure(what: string, measured: string, target: string, isMet: boolean | null): Figure {
  return { what, measured, target, isMet };
}

export function unmeasured(what: string, target: string, reason: string): Figure {
  return { what, measured: `not measured: ${reason}`, target, isMet: null };
}

export function information(what: string, measured: string): Figure {
  return { what, measured, target: '', isMet: null };
}
