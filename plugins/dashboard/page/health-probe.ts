/** Whether the server calls itself healthy. Asked seldom, since the server logs each answer that is not "ok". */
import { textOf } from './answers.ts';
import { type Ask, Refused } from './ask.ts';
import { Cadence } from './poll-plan.ts';

export interface Health {
  readonly isGood: boolean;
  readonly text: string;
}

const EVERY_MS = 15_000;

export class HealthProbe {
  private readonly cadence = new Cadence(EVERY_MS);
  private last: Health = { isGood: true, text: 'Healthy' };

  async look(ask: Ask, { nowMs }: { readonly nowMs: number }): Promise<Health> {
    if (!this.cadence.isDue(nowMs)) return this.last;
    try {
      this.last = healthIn(await ask('healthz'));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.last = { isGood: false, text: error.message };
    }
    return this.last;
  }

  /** Another server answers: ask it at once. */
  forget(): void {
    this.cadence.hurry();
  }
}

function healthIn({ status, error }: Readonly<Record<string, unknown>>): Health {
  if (status === 'ok') return { isGood: true, text: 'Healthy' };
  return { isGood: false, text: textOf(error) || `Health: ${textOf(status) || 'unknown'}` };
}
