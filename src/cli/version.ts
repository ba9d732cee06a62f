import { createRequire } from 'node:module';

const manifest: unknown = createRequire(import.meta.url)('peerweave/package.json');

/** The version of the package this command belongs to. */
export const version =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
