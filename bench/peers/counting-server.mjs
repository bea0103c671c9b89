// Notes when each byte of a call comes, on its own clock, and answers it; gives the times of one connection's kind when asked.
import { createServer } from 'node:net';

let arrivals = [];
const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    const now = performance.now();
    for (let n = 0; n < data.length; n++) arrivals.push(now);
    socket.write(data);
  });
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => {
  process.send({ arrivals });
  arrivals = [];
});
process.on('disconnect', () => process.exit(0));
