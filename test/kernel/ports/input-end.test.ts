import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { InputEnd } from '../../../kernel/ports/input-end.ts';

/** A turn that ends when the test says so. */
function underTest() {
  const planned: (() => void)[] = [];
  const inputEnd = new InputEnd((run) => planned.push(run));
  const endTurn = (): void => {
    for (const run of planned.splice(0)) run();
  };
  return { inputEnd, planned, endTurn };
}

test('who waits for the end of the input is run when it is said to be there, in order and once', () => {
  const { inputEnd, endTurn } = underTest();
  const order: number[] = [];
  for (const number of [1, 2, 3]) inputEnd.add(() => order.push(number));
  assert.equal(order, []);
  inputEnd.reached();
  assert.equal(order, [1, 2, 3]);
  inputEnd.reached();
  endTurn();
  assert.equal(order, [1, 2, 3]);
});

test('where nobody says that the input is over it is with the turn, which is planned once', () => {
  const { inputEnd, planned, endTurn } = underTest();
  let runs = 0;
  inputEnd.add(() => runs++);
  inputEnd.add(() => runs++);
  assert.is(planned.length, 1);
  endTurn();
  assert.is(runs, 2);
});

test('what those put off who are run waits for the next end, however often one is said to be there meanwhile', () => {
  const { inputEnd, endTurn } = underTest();
  const order: string[] = [];
  inputEnd.add(() => {
    order.push('first');
    inputEnd.add(() => order.push('later'));
    inputEnd.reached();
  });
  inputEnd.add(() => order.push('second'));
  inputEnd.reached();
  assert.equal(order, ['first', 'second']);
  endTurn();
  assert.equal(order, ['first', 'second', 'later']);
});

test('one that throws takes no other with it', () => {
  const { inputEnd, endTurn } = underTest();
  const order: string[] = [];
  inputEnd.add(() => order.push('before'));
  inputEnd.add(() => {
    inputEnd.add(() => order.push('put off'));
    throw new Error('broken');
  });
  inputEnd.add(() => order.push('after'));
  assert.throws(() => inputEnd.reached(), 'broken');
  assert.equal(order, ['before']);
  endTurn();
  assert.equal(order, ['before', 'after', 'put off']);
});

test.run();
