const MODES = 'Windows has no permission bits: chmod and mode say only whether a file is read-only';
const DELETES =
  'Wine 8 removes a file that is open only when its last handle is closed, with whatever has been put in its place by ' +
  'then, and until then its directory is not empty; Windows 10 1809 and later do as Linux does';
const NAMESPACES = 'makes hosts out of network namespaces of Linux';
const PROGRAMS =
  'bundles a program with esbuild and starts it as a second process; the binary of esbuild for Windows is not among the ' +
  'packages of this folder yet';

/** What of the distribution tests of the engine does not run in node.exe under Wine: whole files, groups or tests by name. */
export const NOT_ON_WINE = [
  { file: 'store/service-config.test.ts', test: 'is made for the owner only', why: MODES },
  { file: 'store/service-config.test.ts', test: 'makes one secret, readable by the owner only', why: MODES },
  {
    file: 'store/service-config.test.ts',
    test: 'gives processes that start together one secret, and is seen to change by another',
    why: PROGRAMS,
  },
  {
    file: 'store/references.test.ts',
    test: 'never makes a wrong byte leave, whatever is done to it in whatever order',
    why: DELETES,
  },
  { file: 'store/segment-index.test.ts', test: 'passes on to those who open it later', why: DELETES },
  {
    file: 'store/faults.test.ts',
    test: 'by somebody who removes everything while it is in use',
    why: DELETES,
  },
  {
    file: 'discovery/sockets.test.ts',
    test: 'an address that cannot be used is a problem, not a failure',
    why: 'Wine binds a socket to an address that no interface has, without an error',
  },
  {
    file: 'discovery/sockets.test.ts',
    test: 'a port that somebody has for himself is left to him, and another one is used to ask',
    why: 'on Windows SO_REUSEADDR shares any port whose owner did not ask for SO_EXCLUSIVEADDRUSE, which Node never does',
  },
  {
    file: 'discovery/engines.test.ts',
    test: 'among liars who answer for everything find the honest one',
    why: 'its liars listen by binding the multicast address itself, which is a way of Linux',
  },
  { file: 'discovery/sockets.test.ts', group: 'processes of one machine', why: PROGRAMS },
  { file: 'insight/journal.test.ts', group: 'in several processes', why: PROGRAMS },
  { file: 'driver/version-2.test.ts', group: 'content of version 2 between two processes', why: PROGRAMS },
  {
    file: 'server-secret.test.ts',
    test: 'keeps the imported secret from everybody but the owner',
    why: MODES,
  },
  {
    file: 'store/source-reading.test.ts',
    test: 'fails when the file is another one while it is read, and leaves nothing',
    why: DELETES,
  },
  { file: 'discovery/engines-on-several-hosts.test.ts', why: NAMESPACES },
  { file: 'discovery/several-hosts.test.ts', why: NAMESPACES },
  { file: 'discovery/serving-port.test.ts', why: NAMESPACES },
  { file: 'discovery/beside-wsdd.test.ts', why: 'runs wsdd, a Python program for Linux, beside the engine' },
  {
    file: 'discovery/other-xml-reader.test.ts',
    why: 'asks the XML reader of Python, which is not in the Wine prefix',
  },
  { file: 'store/kill.test.ts', why: PROGRAMS },
  { file: 'driver/processes.test.ts', why: PROGRAMS },
  { file: 'retrieval/process-exit.test.ts', why: PROGRAMS },
  {
    file: 'store/hash-workers.test.ts',
    test: 'does not keep a process alive that forgets to close it',
    why: PROGRAMS,
  },
];
