import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Balancer {
  readonly url: string;
  /** Origins that it may send to, once they are ready. */
  readonly targets: Set<string>;
  isReady(target: string): boolean;
  close(): void;
}

/**
 * A TCP balancer as Kubernetes' Services are: each connection goes to one of the targets that are ready, in
 * turn, and stays there. It tries nothing twice: what a target drops is lost.
 */
export async function startBalancer(): Promise<Balancer> {
  const targets = new Set<string>();
  const ready = new Set<string>();
  const sockets = new Set<Socket>();
  let turn = 0;

  const own = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.once('error', () => other.destroy()).once('close', () => sockets.delete(socket));
    socket.pipe(other);
  };
  const server = createServer((client) => {
    const choices = [...ready].filter((target) => targets.has(target));
    const target = choices[(turn += 1) % choices.length];
    if (target === undefined) {
      client.destroy();
      return;
    }
    const { hostname, port } = new URL(target);
    const upstream = connect(Number(port), hostname);
    own(client, upstream);
    own(upstream, client);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });

  const probe = (target: string) => {
    const note = (isReady: boolean) => (isReady ? ready.add(target) : ready.delete(target));
    get(`${target}/health/ready`, { agent: false }, (response) => {
      note(response.statusCode === 200);
      response.resume();
    }).once('error', () => note(false));
  };
  const probing = setInterval(() => {
    for (const target of targets) probe(target);
  }, 100);

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    isReady: (target) => ready.has(target),
    close() {
      clearInterval(probing);
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
