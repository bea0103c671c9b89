/**
 * A stand-in for an API of daily prices: its stocks are made up (`stocks.ts`). For trying the worker out without a key or a network, and for
 * tests. `GET /symbols` gives a JSON array, `GET /daily?symbol=S&from=YYYY-MM-DD&until=YYYY-MM-DD` a CSV of `date,close,volume`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { habitsOf, numbersFrom, type StandIn, type StandInOptions } from './decide.ts';
import { dailyBars, symbols } from './stocks.ts';

const SHARES = { limited: 0.02, broken: 0.01, malformed: 0.005, dropped: 0.005, refused: 0.02 };
const FORBIDDEN = 0.03;

/**
 * Starts it on 127.0.0.1, in this process; `latency` is 150 ms. Of its answers 2 % are 429, 2 % 401, 1 % 500, 0.5 % cut short, 0.5 % a closed
 * connection; 3 % of the symbols are always answered with 401.
 */
export async function startPrices(options: StandInOptions = {}): Promise<StandIn> {
  const { port = 0 } = options;
  const { seed, hasFaults, faults, pause } = habitsOf(options, { latency: 150, shares: SHARES });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stand-in');
    if (pathname === '/symbols') return end(response, 200, JSON.stringify(symbols()), { 'content-type': 'application/json' });
    const [symbol, from, until] = ['symbol', 'from', 'until'].map((name) => searchParams.get(name) ?? '');
    if (pathname !== '/daily' || !symbol || !from || !until) return end(response, 404, 'ask for /symbols or /daily?symbol=&from=&until=');
    const [isForbidden = 1] = numbersFrom(seed, 'forbidden', symbol);
    const fault = hasFaults && isForbidden < FORBIDDEN ? 'refused' : faults.of(request.url ?? '');
    if (fault === 'dropped') return void request.socket.destroy();
    if (fault === 'limited') return end(response, 429, 'too many requests', { 'retry-after': '1' });
    if (fault === 'refused') return end(response, 401, 'unauthorised');
    if (fault === 'broken') return end(response, 500, 'out of order');
    await pause(request.url ?? '');
    const lines = dailyBars(symbol, { from, until, seed }).map(({ date, close, volume }) => `${date},${close.toFixed(2)},${volume}\n`);
    const text = `date,close,volume\n${lines.join('')}`;
    end(response, 200, fault === 'malformed' ? text.slice(0, text.indexOf(',', text.length / 2)) : text, { 'content-type': 'text/csv' });
  };
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function end(response: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, headers);
  response.end(body);
}
