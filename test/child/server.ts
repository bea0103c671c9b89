import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One answer of the server: a status with headers and a body, a connection that is cut, or half an answer. */
export type Answer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown; readonly text?: string }
  | 'cut'
  /** A status that is not ok and the beginning of a body that never ends. */
  | 'half'
  | 'silence';

/** A server on loopback that gives the answers it is told, in order, the last one for ever. */
export async function serve(...answers: readonly Answer[]): Promise<{ readonly url: string; readonly requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests.length, answers.length - 1)] ?? 'cut';
    requests.push(request.url ?? '');
    reply(request, response, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // Listening on a port, not on a pipe.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests };
}

function reply(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  request.resume();
  if (answer === 'silence') return;
  if (answer === 'cut') return void request.socket.destroy();
  if (answer === 'half') return void response.writeHead(500).write('half of it');
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
  response.end(answer.text ?? JSON.stringify(answer.body ?? {}));
}
