/** What became of a published message. One is filled again and again. */
import type { ApiError } from '../../../protocols/jetstream/api-error.ts';

export const STORED = 0;
export const DUPLICATE = 1;
/** It has a sequence, but nobody wants it. */
export const UNWANTED = 2;
export const REFUSED = 3;

export class PublishVerdict {
  kind = REFUSED as number;
  sequence = 0;
  error: ApiError | null = null;
  /** Of a counter; empty for all others. */
  counterValue = '';

  stored(sequence: number): void {
    this.kind = STORED;
    this.sequence = sequence;
    this.error = null;
  }

  duplicate(sequence: number): void {
    this.kind = DUPLICATE;
    this.sequence = sequence;
    this.error = null;
  }

  unwanted(sequence: number): void {
    this.kind = UNWANTED;
    this.sequence = sequence;
    this.error = null;
  }

  refused(error: ApiError): void {
    this.kind = REFUSED;
    this.sequence = 0;
    this.error = error;
  }
}
