// Allows so many calls (the first argument) in any second, sliding, on its own clock, and answers 429 beyond; gives the times when asked.
import { createServer } from 'node:http';

const most = Number(process.argv[2]);
let recent = [];
let answers = [];
const server = createServer((request, response) => {
  const now = performance.now();
  recent = recent.filter((at) => at > now - 1000);
  const isAllowed = recent.length < most;
  if (isAllowed) recent.push(now);
  answers.push([now, isAllowed]);
  response.writeHead(isAllowed ? 200 : 429, { 'content-type': 'application/json' }).end('{"ok":true}');
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => {
  process.send({ answers });
  answers = [];
});
process.on('disconnect', () => process.exit(0));
