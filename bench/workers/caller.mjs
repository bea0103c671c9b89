// One connection to the counting server; calls are bytes, answered in order.
import { connect } from 'node:net';

/** Gives a function that makes one call and settles with its answer. */
export async function caller(port) {
  const socket = connect(Number(port), '127.0.0.1');
  socket.setNoDelay(true);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const waiting = [];
  socket.on('data', (data) => {
    for (let n = 0; n < data.length; n++) waiting.shift()?.();
  });
  return (kind = 'x') =>
    new Promise((resolve) => {
      waiting.push(resolve);
      socket.write(kind);
    });
}
