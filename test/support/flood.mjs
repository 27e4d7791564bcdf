// Asks a server for more than it can answer, from a process of its own, until it is ended: `node flood.mjs PORT REQUEST`.
import { connect } from 'node:net';

const [, , port, request] = process.argv;

for (let count = 0; count < 400; count += 1) {
  const socket = connect(Number(port), '127.0.0.1');
  let timer;
  socket.on('error', () => {});
  // Asks again soon after each answer, refused or not.
  socket.on('data', () => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.write(request), 50);
  });
  socket.write(request);
}
