import type { SecretText } from '../../src/driver/index.js';

/** A password for a test. */
export const secretText = (text: string): SecretText => ({
  use: (use) => use(Buffer.from(text, 'utf16le')),
});
