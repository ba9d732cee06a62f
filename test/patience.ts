/** For every test file, by the configurations of vitest. */
import { vi } from 'vitest';

/** Vitest gives up on what it waits for after a second. A loaded machine takes longer to start a process alone. */
const PATIENCE_MS = 20_000;

type Options = Parameters<typeof vi.waitFor>[1];

const patient = (options: Options): Options =>
  typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options };

const { waitFor, waitUntil } = vi;
vi.waitFor = (callback, options) => waitFor(callback, patient(options));
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));
vi.setConfig({ expect: { poll: { timeout: PATIENCE_MS } } });
