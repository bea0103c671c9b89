import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { launch } from 'shardyard';
import type { Benchmark, Row } from './support/benchmark.ts';
import { workerFile } from './support/shardyard.ts';

const RATE = 100;

interface Oracle {
  readonly name: string;
  readonly what: string;
  readonly config: (port: number, behind: number) => string;
  readonly args: (file: string, folder: string) => string[];
}

const ORACLES: readonly Oracle[] = [
  {
    name: 'nginx',
    what: `nginx limit_req ${RATE}r/s, burst 5`,
    config: (port, behind) => `worker_processes 1; daemon off; pid ngx.pid; error_log ngx.err crit; events { worker_connections 1024; }
http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  limit_req_zone $server_name zone=api:1m rate=${RATE}r/s;
  server { listen 127.0.0.1:${behind}; location / { return 200 'ok'; } }
  server { listen 127.0.0.1:${port}; server_name api; location / { limit_req zone=api burst=5 nodelay; limit_req_status 429; proxy_pass http://127.0.0.1:${behind}; } } }`,
    args: (file, folder) => ['-p', folder, '-c', file, '-e', join(folder, 'ngx.err')],
  },
  {
    name: 'haproxy',
    what: `HAProxy http_req_rate(1s) ≤ ${RATE}`,
    config: (port) => `global
  maxconn 1000
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend api
  bind 127.0.0.1:${port}
  stick-table type string len 8 size 1k expire 120s store http_req_rate(1s)
  http-request track-sc0 str(api)
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${RATE} }
  http-request return status 200 content-type text/plain string ok
`,
    args: (file) => ['-db', '-f', file],
  },
];

export const limits: Benchmark = {
  name: 'limits',
  about: `How many answers are 429 behind limiters that other people wrote, which count on arrival: 4 processes, ${RATE}/s with the default headroom.`,
  async run({ quick, lab, say }) {
    const rows: Row[] = [];
    for (const { name, what, config, args } of ORACLES) {
      if (spawnSync(name, ['-v'], { stdio: 'ignore' }).error) {
        console.error(`SKIPPED: ${name} is not installed (Debian: apt-get install ${name})`);
        continue;
      }
      const folder = join(lab, name);
      mkdirSync(folder);
      const [port, behind] = [await freePort(), await freePort()];
      writeFileSync(join(folder, 'c.conf'), config(port, behind));
      const server = spawn(name, args(join(folder, 'c.conf'), folder), { stdio: 'inherit', cwd: folder });
      try {
        await answers(port, server);
        say(what);
        rows.push(await refused(lab, { name, what, port, seconds: quick ? 8 : 30 }));
      } finally {
        server.kill('SIGTERM');
      }
    }
    return rows;
  },
};

async function refused(
  lab: string,
  { name, what, port, seconds }: { name: string; what: string; port: number; seconds: number },
): Promise<Row> {
  process.env['BENCH_URL'] = `http://127.0.0.1:${port}/`;
  const output = join(lab, `${name}.csv`);
  const items = RATE * seconds;
  await launch({
    worker: workerFile('limited.mjs'),
    name: `limits-${name}`,
    output,
    dataDir: join(lab, 'data'),
    logsDir: join(lab, 'logs'),
    items: `0:${items}`,
    processes: 4,
    concurrency: 16,
    spares: 0,
    batchSize: items,
    rate: [`${RATE}/s`],
  }).report;
  const statuses = readFileSync(output, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[1]);
  const share = statuses.filter((status) => status === '429').length / statuses.length;
  const figure = `${(share * 100).toFixed(2)} %`;
  return { what, against: '–', ours: `${statuses.length} answers`, theirs: '–', figure, target: { text: '≤ 0.5 %', met: share <= 0.005 } };
}

/** A port that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** Settles once the server answers. */
async function answers(port: number, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`it ended with ${server.exitCode}`);
    if (
      await fetch(`http://127.0.0.1:${port}/`).then(
        (response) => response.ok,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
