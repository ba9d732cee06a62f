import { isUtf8 } from 'node:buffer';
import { isUint8Array } from 'node:util/types';
import * as E from 'fp-ts/lib/Either.js';
import type { SecretText } from '../../driver/index.js';
import { isPeerError, type Problem } from '../error/index.js';
import { Secret } from '../secret.js';
import { bad, expected, type At, type Rule } from './rule.js';

/** A password: a text, its UTF-8 bytes, or a {@link Secret} that the caller keeps and releases. */
export type SecretInput = string | Uint8Array | SecretText;

/** A {@link Secret} is passed on as it is, anything else is copied into a new one; see {@link releaseMade}. */
export const secret: Rule<SecretText> = (value, at) => {
  if (isSecretText(value)) return lent(value, at);
  if (typeof value !== 'string' && !isUint8Array(value)) {
    return expected('a string, a Uint8Array or a Secret', value, at);
  }
  if (typeof value !== 'string' && !isUtf8(value)) return bad(at, 'format', 'must be UTF-8');
  const made = Secret.of(value);
  at.made.push(made);
  return lent(made, at);
};

/** Overwrites a secret that validation made of `input`; one that the caller passed stays the caller's. */
export const releaseMade = (checked: SecretText | undefined, input: unknown): void => {
  if (checked instanceof Secret && checked !== input) checked.release();
};

const isSecretText = (value: unknown): value is SecretText =>
  typeof value === 'object' && value !== null && 'use' in value && typeof value.use === 'function';

/** A secret of somebody else's making may call back with anything, or not at all. */
const lent = (content: SecretText, at: At): E.Either<readonly Problem[], SecretText> => {
  const verdicts: E.Either<readonly Problem[], SecretText>[] = [];
  try {
    content.use((utf16le: unknown) => {
      verdicts.push(E.map(() => content)(utf16leText(utf16le, at)));
    });
  } catch (thrown) {
    return bad(at, 'forbidden', isPeerError(thrown) ? 'was released already' : 'cannot be read');
  }
  return verdicts[0] ?? bad(at, 'type', 'must lend its bytes to the function that `use` is given');
};

const utf16leText: Rule<Uint8Array> = (value, at) => {
  if (!isUint8Array(value)) return bad(at, 'type', 'must lend a Uint8Array');
  if (value.length === 0) return bad(at, 'length', 'must not be empty');
  return hasNul(value) ? bad(at, 'character', 'must not contain a NUL character') : E.right(value);
};

const hasNul = (utf16le: Uint8Array): boolean => {
  for (let index = 0; index < utf16le.length; index += 2) {
    if (utf16le[index] === 0 && utf16le[index + 1] === 0) return true;
  }
  return false;
};
