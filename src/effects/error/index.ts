export { fromFault } from './from-fault.js';
export { badArgument, cancelled, defect, handleClosed, invalidated, timeout, unsupported } from './make.js';
export { isPeerError, PeerError } from './peer-error.js';
export type { Problem, ProblemCode } from './problem.js';
export type { PeerErrorTag } from './tag.js';
