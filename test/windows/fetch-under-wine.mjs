/**
 * Wine 8 does not know the socket option TCP_KEEPALIVE that fetch sets before it connects, which then fails. Node's
 * fetch is told to do without.
 */
await fetch('data:,');
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');
const Agent = globalThis[DISPATCHER].constructor;
globalThis[DISPATCHER] = new Agent({ connect: { keepAlive: false } });
