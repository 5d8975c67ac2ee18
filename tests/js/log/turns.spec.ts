import { Turns } from '../../../src/log/turns';
import { settle } from '../fakes';

/** Jobs that end when a test says so. */
function aQueue(): {
  turns: Turns;
  begun: string[];
  errors: (Error | null)[];
  state: { free: boolean };
  job: (name: string) => () => Promise<void>;
  end: (name: string, error?: Error) => Promise<void>;
} {
  const begun: string[] = [];
  const errors: (Error | null)[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const state = { free: true };
  const turns: Turns = new Turns(
    () => state.free,
    error => {
      errors.push(error);
      turns.next();
    }
  );
  return {
    turns,
    begun,
    errors,
    state,
    job: name => () => {
      begun.push(name);
      return new Promise((resolve, reject) =>
        ends.set(name, error => (error ? reject(error) : resolve()))
      );
    },
    end: async (name, error) => {
      ends.get(name)?.(error);
      await settle();
    }
  };
}

test('of those that are asked for meanwhile, the last is done', async () => {
  const { turns, begun, job, end } = aQueue();
  for (const name of ['first', 'second', 'third']) {
    turns.ask(job(name));
  }
  await end('first');
  expect(begun).toEqual(['first', 'third']);
});

test('nothing begins before it may', () => {
  const { turns, begun, state, job } = aQueue();
  state.free = false;
  turns.ask(job('first'));
  expect(begun).toEqual([]);
  state.free = true;
  turns.next();
  expect(begun).toEqual(['first']);
});

test('a failure is told, and ends what it happened in', async () => {
  const { turns, errors, job, end } = aQueue();
  turns.ask(job('first'));
  await end('first', new Error('no answer'));
  expect([errors, turns.busy]).toEqual([[new Error('no answer')], false]);
});
