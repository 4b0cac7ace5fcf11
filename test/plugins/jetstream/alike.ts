/** Answers against what was to be answered. */
import * as assert from 'uvu/assert';

/** Line for line; of one that differs it is said what was asked. */
export function assertAlike(heard: readonly string[], expected: readonly string[]): void {
  for (let line = 0; line < Math.max(heard.length, expected.length); line++) {
    const asked = heard.slice(0, line + 1).findLast((text) => text.startsWith('>'));
    assert.is(heard[line], expected[line], asked);
  }
}
