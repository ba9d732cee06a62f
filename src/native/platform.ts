import { win32 as windowsPath } from 'node:path';
import * as check from './check.js';
import { Unsupported } from './failure.js';
import type { LibraryPaths } from './libraries.js';

// Where a pointer has eight bytes and structures are laid out as `layout.ts` does it; on 32-bit Windows they differ.
const PROCESSORS: readonly string[] = ['x64', 'arm64'];

/** The libraries to load, if this driver can work here at all. @throws Unsupported or BadValue */
export const checkPlatform = (paths: LibraryPaths | undefined): LibraryPaths => {
  const refuse = (why: string): never => {
    throw new Unsupported(`${why}: take the embedded engine (peerweave/engine)`);
  };
  if (paths === undefined)
    return refuse(`P2P.dll and PeerDist.dll are parts of Windows and this is ${process.platform}`);
  if (!PROCESSORS.includes(process.arch))
    return refuse(`the driver works in Node.js for x64 and arm64, and this one is for ${process.arch}`);
  // A path that is none would have koffi look into the program itself.
  for (const [name, path] of Object.entries(paths)) check.text(path, `libraries.${name}`);
  return paths;
};

const NAMES = {
  p2p: 'p2p.dll',
  peerdist: 'peerdist.dll',
  kernel32: 'kernel32.dll',
  crypt32: 'crypt32.dll',
  advapi32: 'advapi32.dll',
};

/** Where the libraries are; `undefined` on a platform that has none and without other ones given. */
export const pathsFor = (libraries: Partial<LibraryPaths> | undefined): LibraryPaths | undefined => {
  if (process.platform !== 'win32' && libraries === undefined) return undefined;
  const system = windowsPath.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32');
  const inSystem = Object.fromEntries(
    Object.entries(NAMES).map(([name, file]) => [name, windowsPath.join(system, file)]),
  ) as Record<keyof typeof NAMES, string>;
  return { ...inSystem, ...libraries };
};
