// The least that running a file N times, two at a time, can cost a Node program: child_process.fork and nothing else.
import { fork } from 'node:child_process';

const [, , file, count, slots] = process.argv;
let left = Number(count);
function next() {
  if (left-- > 0) fork(file, { stdio: 'ignore' }).once('exit', next);
}
for (let slot = 0; slot < Number(slots); slot++) next();
