/** Its message is the whole reason. */
export class Plainly extends Error {
  /** The server answered, and this is what it said. */
  readonly isAnswer: boolean;

  constructor(message: string, isAnswer = false) {
    super(message);
    this.isAnswer = isAnswer;
  }
}
