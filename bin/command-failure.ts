/** Ends a command with a message; what the user reads begins with the name of the program. */
export class CommandFailure extends Error {}

export const PROGRAM_NAME = 'nats-server';

export function failureText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `${PROGRAM_NAME}: ${text}\n`;
}
