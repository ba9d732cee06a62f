export { createWindowsDriver, probeWindows, type WindowsDriverOptions } from './windows-driver.js';
export type { LibraryPaths } from './libraries.js';
export type { LibraryName } from './signature.js';
export type { StatusSignal } from './runtime.js';
