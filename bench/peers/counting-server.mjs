// Notes when each byte of a call comes, on its own clock, and answers it; gives the times when asked.
import { createServer } from 'node:net';

let arrivals = [];
let limited = [];
const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    const now = performance.now();
    for (let n = 0; n < data.length; n++) arrivals.push(now);
    socket.write(data);
    // Whoever asks by an `L` takes its answer for a 429.
    if (data.includes('L')) limited.push(performance.now());
  });
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => {
  process.send({ arrivals, limited });
  [arrivals, limited] = [[], []];
});
process.on('disconnect', () => process.exit(0));
