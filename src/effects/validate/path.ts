import { isAbsolute } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { bad, type Rule } from './rule.js';
import { text } from './scalars.js';

/** Services have working directories of their own. */
export const absolutePath: Rule<string> = (value, at) => {
  const checked = text(1)(value, at);
  return E.isRight(checked) && !isAbsolute(checked.right)
    ? bad(at, 'format', 'must be an absolute path')
    : checked;
};
