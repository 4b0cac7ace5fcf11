/** A stream may tell others what it stored, but not itself. */
import { type ApiError, invalidConfig, pedanticError } from './api-error.ts';
import type { Draft, StreamSurroundings } from './stream-rules.ts';
import { collide } from './subject-rules.ts';

export function republishRules(draft: Draft, surroundings: StreamSurroundings): ApiError | null {
  if (draft.republish === null) return null;
  const { isPedantic, transformProblem } = surroundings;
  const republish = { ...draft.republish };
  if (republish.src === '') {
    if (isPedantic) return pedanticError('republish source can not be empty');
    republish.src = '>';
  }
  if (followsTransform(draft, republish)) {
    if (isPedantic) return pedanticError('implicit republish based on subject transform');
    republish.src = draft.subjectTransform!.dest;
    republish.dest = draft.subjectTransform!.dest;
  }
  draft.republish = republish;
  if (draft.subjects.some((subject) => collide(republish.dest, subject))) {
    return invalidConfig('stream configuration for republish destination forms a cycle');
  }
  if (transformProblem(republish.src, republish.dest) === null) return null;
  const route = `from '${republish.src}' to '${republish.dest}'`;
  return invalidConfig(`stream configuration for republish with transform ${route} not valid`);
}

/** All to all is sound only where what is stored has other subjects than what came in. */
function followsTransform({ subjects, subjectTransform }: Draft, republish: { src: string; dest: string }): boolean {
  if (republish.src !== '>' || republish.dest !== '>') return false;
  return subjectTransform !== null && subjects.length === 1 && subjectTransform.src === subjects[0];
}
