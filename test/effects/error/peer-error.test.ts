import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  badArgument,
  cancelled,
  defect,
  handleClosed,
  invalidated,
  isPeerError,
  PeerError,
  timeout,
  unsupported,
} from '../../../src/effects/error/index.js';

const PROBLEMS = [
  { path: 'creatorPeerName', code: 'required', message: 'is required: a string' },
  { path: '', code: 'conflict', message: 'needs one of two' },
] as const;

describe('two copies of the package', () => {
  it('recognise each other', async () => {
    const path = '../../../src/effects/error/peer-error.ts?copy';
    const copy = (await import(/* @vite-ignore */ path)) as {
      PeerError: typeof PeerError;
      isPeerError: typeof isPeerError;
    };
    expect(copy.PeerError).not.toBe(PeerError);
    const theirs = new copy.PeerError({ tag: 'Timeout', code: 'X', operation: 'o', what: 'w', advice: 'a' });
    const ours = handleClosed('o');
    expect(theirs).toBeInstanceOf(PeerError);
    expect(ours).toBeInstanceOf(copy.PeerError);
    expect(isPeerError(theirs) && copy.isPeerError(ours)).toBe(true);
  });

  it.each([undefined, null, 1, 'PeerError', {}, new Error('x'), { _tag: 'Timeout' }])(
    'do not take %s for one',
    (value) => {
      expect(isPeerError(value)).toBe(false);
      expect(value instanceof PeerError).toBe(false);
    },
  );
});

describe('an error', () => {
  it('is an Error with a stack that starts here', () => {
    const error = handleClosed('getGroupStatus');
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain('peer-error.test.ts');
    expect(String(error)).toMatch(/^PeerError \[HandleClosed\]: getGroupStatus: the handle is closed\. /);
  });

  it('lists every problem of an input in its text', () => {
    const { message, problems } = badArgument(PROBLEMS, 'createGroup');
    expect(message).toContain('2 problems');
    expect(message).toContain('- creatorPeerName: is required: a string');
    expect(message).toContain('- needs one of two');
    expect(problems).toEqual(PROBLEMS);
  });

  it('ends a sentence once, also one that comes from elsewhere', () => {
    const details = { tag: 'System', code: 'X', operation: 'o', advice: 'Then this.' } as const;
    expect(new PeerError({ ...details, what: 'it says: that is so.' }).message).toBe(
      'o: it says: that is so. Then this.',
    );
  });

  it('keeps its text short when there are thousands', () => {
    const many = Array.from({ length: 5000 }, (_, index) => ({ ...PROBLEMS[0], path: `list[${index}]` }));
    const error = badArgument(many, 'createGroup');
    expect(error.problems).toHaveLength(5000);
    expect(error.message.split('\n').length).toBeLessThan(30);
    expect(error.message).toContain('and 4980 more');
  });

  it('becomes JSON without stack and cause, which can hold anything', () => {
    const error = defect('createGroup', new Error('hunter2'));
    const json = JSON.stringify(error);
    expect(json).not.toContain('hunter2');
    expect(json).not.toContain('peer-error.test.ts');
    expect(JSON.parse(json)).toEqual({
      name: 'PeerError',
      _tag: 'Defect',
      code: 'PEERWEAVE_DEFECT',
      operation: 'createGroup',
      message: error.message,
      advice: error.advice,
    });
  });

  it('prints text, stack and cause', () => {
    const printed = inspect(defect('createGroup', new TypeError('no such thing')));
    expect(printed).toMatch(/^PeerError \[Defect\]: createGroup: an unexpected TypeError was thrown\. /);
    expect(printed).toMatch(/\n\s+at .*peer-error\.test\.ts/);
    expect(printed).toContain('cause: TypeError: no such thing');
    expect(inspect({ a: { b: { c: handleClosed('x') } } }, { depth: 0 })).not.toContain('PeerError');
  });
});

it.each([
  [handleClosed('o'), 'HandleClosed', 'PEERWEAVE_HANDLE_CLOSED'],
  [invalidated('o'), 'Invalidated', 'PEERWEAVE_INVALIDATED'],
  [cancelled('o'), 'Cancelled', 'PEERWEAVE_CANCELLED'],
  [timeout('o', 'the connection', 5), 'Timeout', 'PEERWEAVE_TIMEOUT'],
  [unsupported('o', 'this system has no such thing', 'Do without.'), 'Unsupported', 'PEERWEAVE_UNSUPPORTED'],
  [defect('o', 1), 'Defect', 'PEERWEAVE_DEFECT'],
  [badArgument(PROBLEMS, 'o'), 'BadArgument', 'PEERWEAVE_BAD_ARGUMENT'],
] as const)('%s is tagged %s with the code %s', (error, tag, code) => {
  expect(error).toMatchObject({ _tag: tag, code, operation: 'o', number: undefined, symbol: undefined });
  expect(error.advice).toMatch(/^[A-Z].*\.$/);
});
