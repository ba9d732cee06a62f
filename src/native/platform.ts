import { Unsupported } from './failure.js';
import type { LibraryPaths } from './libraries.js';

// Where a pointer has eight bytes and structures are laid out as `layout.ts` does it; on 32-bit Windows they differ.
const PROCESSORS: readonly string[] = ['x64', 'arm64'];

/** The libraries to load, if this driver can work here at all. @throws Unsupported */
export const checkPlatform = (paths: LibraryPaths | undefined): LibraryPaths => {
  const refuse = (why: string): never => {
    throw new Unsupported(`${why}: take the embedded engine (peerweave/engine)`);
  };
  if (paths === undefined)
    return refuse(`P2P.dll and PeerDist.dll are parts of Windows and this is ${process.platform}`);
  if (!PROCESSORS.includes(process.arch))
    return refuse(`the driver works in Node.js for x64 and arm64, and this one is for ${process.arch}`);
  return paths;
};
