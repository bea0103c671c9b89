import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type ControlAnswer, type ControlRequest, formatAnswer, parseRequest } from '../core/control.ts';
import { UserError } from '../core/errors.ts';

/** Nobody has that much to say (bytes). */
const LONGEST = 65_536;

export interface ControlServerOptions {
  readonly control: (request: ControlRequest) => ControlAnswer;
  /** Told once where nobody can reach the run. */
  readonly onFault: (message: string) => void;
}

/**
 * Lets other processes of the same user steer this run: a Unix socket, a line of JSON in, a line of JSON out. Returns what ends that.
 * Never keeps the process alive, and a run that cannot be reached goes on.
 */
export function serveControl(path: string, { control, onFault }: ControlServerOptions): () => void {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.unref();
    socket.on('close', () => sockets.delete(socket));
    // Whoever asked and went away gets no answer.
    socket.on('error', () => socket.destroy());
    let received = 0;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > LONGEST) socket.destroy();
    });
    createInterface({ input: socket })
      .on('error', () => undefined)
      .on('line', (line) => {
        received = 0;
        if (socket.writable) socket.write(formatAnswer(answer(line, control)));
      });
  });
  server.once('error', (error) => onFault(`the run cannot be controlled from other terminals: ${error.message}`));
  server.unref();
  listen(server, path);
  return () => {
    server.close();
    for (const socket of sockets) socket.end();
    rmSync(path, { force: true });
  };
}

/** The socket's file is for its owner alone from the first moment on. */
function listen(server: ReturnType<typeof createServer>, path: string): void {
  const mask = narrow();
  try {
    // The file is there when this returns.
    server.listen(path);
    chmodSync(path, 0o600);
  } catch {
    // The event `error` tells, a moment later.
  } finally {
    if (mask !== undefined) process.umask(mask);
  }
}

function narrow(): number | undefined {
  try {
    return process.umask(0o177);
  } catch {
    // Within a worker thread, which may not; then others of the group could reach the socket until its mode is changed, a moment later.
    return undefined;
  }
}

function answer(line: string, control: ControlServerOptions['control']): ControlAnswer {
  try {
    return control(parseRequest(line));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ok: false, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}
