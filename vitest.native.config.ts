import { mergeConfig } from 'vitest/config';
import common, { NATIVE_TESTS } from './vitest.config.js';

export default mergeConfig(
  { ...common, test: { ...common.test, include: [], exclude: [] } },
  { test: { include: NATIVE_TESTS.map((pattern) => pattern.replace(/\*\*$/, '**/*.test.ts')) } },
);
