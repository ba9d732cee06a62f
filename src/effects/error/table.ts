import type { HresultSymbol, Win32Symbol } from '../../driver/index.js';
import type { ErrorMeaning } from './error-meaning.js';
import { DISTRIBUTION_ERRORS } from './table-distribution.js';
import { GROUPING_ERRORS } from './table-grouping.js';
import { RELATED_ERRORS } from './table-related.js';
import { SYSTEM_ERRORS } from './table-system.js';

/** What every code of the contract means; the type makes it complete. */
export const ERROR_TABLE: Readonly<Record<HresultSymbol | Win32Symbol, ErrorMeaning>> = {
  ...GROUPING_ERRORS,
  ...RELATED_ERRORS,
  ...DISTRIBUTION_ERRORS,
  ...SYSTEM_ERRORS,
};
