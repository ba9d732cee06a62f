import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Something that listens and is not what a peer should be. */
export interface BadPeer extends AsyncDisposable {
  /** `host:port`. */
  readonly peer: string;
}

/** Listens on a free port and does `behave` with every connection. */
export const listenBadly = async (behave: (socket: Socket) => void): Promise<BadPeer> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    behave(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    peer: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

/** Several of them. */
export const listenAll = async (
  behaviours: readonly ((socket: Socket) => void)[],
): Promise<AsyncDisposable & { readonly peers: readonly string[] }> => {
  const bad = await Promise.all(behaviours.map(listenBadly));
  return {
    peers: bad.map(({ peer }) => peer),
    async [Symbol.asyncDispose]() {
      await Promise.all(bad.map((one) => one[Symbol.asyncDispose]()));
    },
  };
};

/** Says the same to whatever it is asked. */
const says =
  (text: string | Buffer) =>
  (socket: Socket): void => {
    socket.on('data', () => void socket.write(text));
  };

/** Goes on sending `piece` as fast as it is taken. */
const saysForEver =
  (head: string, piece: Buffer) =>
  (socket: Socket): void => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.once('data', () => {
      socket.write(head);
      socket.on('drain', more);
      more();
    });
  };

type Tamper = (bytes: Buffer, out: Socket) => void;

/** Stands between an honest peer and whoever connects, and tampers with what that peer says on each connection. */
export const between =
  (honest: string, tampering: () => Tamper) =>
  (socket: Socket): void => {
    const [host = '', port = ''] = honest.split(':');
    const tamper = tampering();
    const upstream = connect(Number(port), host);
    upstream.on('error', () => socket.destroy()).on('close', () => socket.end());
    socket.on('close', () => upstream.destroy());
    socket.on('data', (bytes) => void upstream.write(bytes));
    upstream.on('data', (bytes) => tamper(bytes, socket));
  };

/** Flips a bit in every piece that is long enough to hold some of a block. */
export const flipped: Tamper = (bytes, out) => {
  const middle = bytes.length >> 1;
  if (bytes.length > 4_000) bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  out.write(bytes);
};

/** Ends the connection once that many bytes went through it. */
export const diesAfter = (limit: number): Tamper => {
  let passed = 0;
  return (bytes, out) => {
    passed += bytes.length;
    if (passed > limit) out.destroy();
    else out.write(bytes);
  };
};

/** What no peer of the protocol does, by name. Each may be asked on any number of connections. */
export const BAD_BEHAVIOUR: Readonly<Record<string, (socket: Socket) => void>> = {
  'closes at once': (socket) => void socket.destroy(),
  'resets when asked': (socket) => void socket.on('data', () => socket.resetAndDestroy()),
  'accepts and never answers': (socket) => void socket.resume(),
  'answers one byte a second': (socket) => {
    const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n');
    let at = 0;
    const timer = setInterval(() => socket.write(answer.subarray(at, (at += 1))), 1_000);
    socket.on('close', () => clearInterval(timer)).resume();
  },
  'answers 404': says('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  'answers 500 with a page': says('HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nOops'),
  'redirects to itself': (socket) =>
    void socket.on('data', () =>
      socket.write(
        `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${socket.localPort ?? 0}/\r\nContent-Length: 0\r\n\r\n`,
      ),
    ),
  'answers 200 with nothing': says('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  'answers 200 with junk': says(
    Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n'),
      Buffer.alloc(70_000, 0xff),
    ]),
  ),
  'announces an exabyte': says('HTTP/1.1 200 OK\r\nContent-Length: 1152921504606846976\r\n\r\nx'),
  'never ends its head': saysForEver('HTTP/1.1 200 OK\r\n', Buffer.from('X-Junk: yes\r\n'.repeat(5_000))),
  'never ends its body': saysForEver(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`),
  ),
  'speaks another protocol': says('220 mail.example.org ESMTP\r\n'),
};
