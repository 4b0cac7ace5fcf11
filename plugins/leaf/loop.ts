/** A loop of leafs is found by a subject that nobody but this server asks for: where interest in it arrives, it came around. */
export const LOOP_PREFIX = '$LDS.';

/** How long whoever connected waits after a mistake that only people can mend. */
export const LOOP_DELAY_MS = 30_000;
