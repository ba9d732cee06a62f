// Listens, says where, and never takes a connection, as it never gets back to its event loop.
const { createServer } = require('node:net');

const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  process.send(server.address().port, () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
