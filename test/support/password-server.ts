import { createServer, type Socket } from 'node:net';

/** A server that speaks just enough of Postgres's protocol to ask for a password and to refuse it. */
export interface PasswordServer extends AsyncDisposable {
  readonly port: number;
}

export async function createPasswordServer(): Promise<PasswordServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    void refuse(socket).catch(() => socket.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}

const cleartextPassword = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

async function refuse(socket: Socket): Promise<void> {
  for await (const message of socket as AsyncIterable<Buffer>) {
    if (message[0] === 0x70) return void socket.end(loginFailed());
    // A request for TLS has a code of its own where a startup message has the protocol's version.
    const asksForTls = message.readUInt32BE(4) === 80_877_103;
    socket.write(asksForTls ? 'N' : cleartextPassword);
  }
}

function loginFailed(): Buffer {
  const fields = ['SFATAL', 'VFATAL', 'C28P01', 'Mpassword authentication failed for user "bob"', ''];
  const text = Buffer.from(`${fields.join('\0')}\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeUInt32BE(text.length + 4, 1);
  return Buffer.concat([head, text]);
}
