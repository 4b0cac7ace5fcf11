/** Ends a command with a message; what the user reads begins with the name of the program. */
export class CommandFailure extends Error {}

export const PROGRAM_NAME = 'nats-server';

export function failureText(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const text = (error as { output?: string } | null)?.output ?? said;
  return `${PROGRAM_NAME}: ${text}\n`;
}
