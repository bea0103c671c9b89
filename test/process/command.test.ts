import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Ended } from '../cli/support.ts';
import { exitOf, Place } from './support.ts';
import { csvOf, executed } from './workers.ts';

/**
 * As the worker of `workers.ts`, for items joined by commas, into a file: notes what it is given in `executed.txt`, fails over the lines of
 * `bad.txt`, is held by items that begin with `slow` until there is a file `go`.
 */
const GENERATOR = `#!/bin/sh
echo "$1" >> executed.txt
echo "doing $1"
echo $$ > pid.txt
IFS=,
{
  echo 'item,text'
  for item in $1; do
    if grep -qx "$item" bad.txt 2> /dev/null; then echo "$item is bad" >&2; exit 3; fi
    case $item in slow*) while [ ! -e go ]; do sleep 0.02; done ;; esac
    printf '%s,"""%s"""\\n%s,"two\\nlines"\\n' "$item" "$item" "$item"
  done
} > "$2"
`;

function workspace(script = GENERATOR, files: Readonly<Record<string, string>> = {}): Place {
  const place = new Place({ 'gen.sh': script, ...files });
  chmodSync(join(place.cwd, 'gen.sh'), 0o755);
  return place;
}

const COMMAND = ['--collect', 'out/{name}.csv', '--', './gen.sh', '{items}', 'out/{name}.csv'];

/** Runs the generator as the run `r` into `out.csv`, without retries. */
const run = (place: Place, items: string, more: readonly string[], command: readonly string[] = COMMAND): Promise<Ended> =>
  place.shardyard('run', '--items', items, ...place.options(['--retries', '0', ...more]), ...command);

/** What the script with a column makes of items, once they are in their order. */
const byColumn = (items: readonly string[]): string => `n,item\n${items.map((item) => `1,${item}\n2,${item}\n`).join('')}`;

async function until(what: string, happened: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 30_000; !happened(); await sleep(5)) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
  }
}

describe('items in one process', () => {
  test('have their rows together, whatever is done again or comes and goes', async () => {
    const place = workspace();
    const items = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    expect(await run(place, items.join(','), ['-p', '2', '--shards', '2', '--batch-size', '3'])).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['a,b,c', 'd', 'e,f,g']);
    expect(place.read('out.csv')).toBe(csvOf(items));
    expect(place.read('logs/r/shard-00000.log')).toMatch(/^\$ \.\/gen\.sh a,b,c out\/r-s0-b0-a1-1\.csv\ndoing a,b,c$/m);

    expect(await place.rerun('--items', 'b')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['a,b,c']);
    expect(await place.resume('--batch-size', '2', '--shards', '3')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual([]);
    // Now the shards are [0,3), [3,5), [5,7): the group e,f,g lies in two of them, and is done again as the batches are now.
    expect(await place.rerun('--shards', '2')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['e', 'f,g']);
    expect(place.read('out.csv')).toBe(csvOf(items));

    // Of a group that is taken apart, the rows cannot be told apart; all others stay.
    expect(await place.resume('--items', 'g,f,e,d,a,b,x,c')).toMatchObject({ code: 0 });
    expect(executed(place).join(',').split(',').toSorted()).toEqual(['a', 'b', 'c', 'f', 'g', 'x']);
    expect(place.read('out.csv')).toBe(csvOf(['g', 'f', 'e', 'd', 'a', 'b', 'x', 'c']));
    expect(place.report()).toMatchObject({ state: 'done', items: { total: 8, done: 8 }, rows: 16 });
  });

  test('a bad one costs one: the batch is tried as a whole, then its items one by one', async () => {
    const place = workspace(GENERATOR, { 'bad.txt': 'c\n' });
    const { code, stderr } = await run(place, 'a,b,c,d', ['--batch-size', '4', '--shards', '1']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/exit: exit code 3: c is bad/)]);
    expect(executed(place)).toEqual(['a', 'a,b,c,d', 'b', 'c', 'd']);
    expect(place.report().failures).toMatchObject([{ key: 'c', cause: 'exit', message: 'exit code 3: c is bad', tries: 2 }]);
    expect(place.read('out.csv')).toBe(csvOf(['a', 'b', 'd']));
    place.write('bad.txt');
    expect(await place.rerun()).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['c']);
    expect(place.read('out.csv')).toBe(csvOf(['a', 'b', 'c', 'd']));

    // A rerun that fails in part: what it replaces is replaced, and of the rest of the group nothing is left over, nor doubled.
    expect(await place.resume('--items', 'p,q,a,b,c,d', '--batch-size', '3')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['p,q']);
    place.write('bad.txt', 'q\n');
    expect(await place.rerun('--items', 'p')).toMatchObject({ code: 1 });
    expect(place.read('out.csv')).toBe(csvOf(['p', 'a', 'b', 'c', 'd']));
  });

  test('a column tells their rows apart: each is done again by itself', async () => {
    // Backwards, and every item's rows in two places.
    const script = `#!/bin/sh
echo "$1" >> executed.txt
echo 'n,item'
reversed=
IFS=,
for item in $1; do reversed="$item,$reversed"; done
for n in 1 2; do for item in $reversed; do echo "$n,$item"; done; done
`;
    const place = workspace(script);
    const command = ['--collect', '-', '--item-column', 'item', '--', './gen.sh', '{items}'];
    expect(await run(place, 'a,b,c,d', ['--batch-size', '4', '--shards', '1'], command)).toMatchObject({ code: 0 });
    expect(place.read('out.csv')).toBe(byColumn(['a', 'b', 'c', 'd']));
    expect(await place.rerun('--items', 'b')).toMatchObject({ code: 0 });
    expect(await place.resume('--items', 'd,x,b')).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['a,b,c,d', 'b', 'x']);
    expect(place.read('out.csv')).toBe(byColumn(['d', 'x', 'b']));
    place.write('gen.sh', script.replaceAll('$n,$item', '$n,no'));
    const stray = await place.resume('--keep', '--items', 'd,x,y', '--retries', '0');
    expect(stray).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/bad-output.*a row has "no" in item, which is none of the items/),
    });
    expect(place.read('out.csv')).toBe(byColumn(['d', 'x']));
  });
});

describe('whatever is killed', () => {
  test('the command: tried again as a whole; the parent: gone with all of it, and a resume does the rest', async () => {
    const place = workspace();
    const items = ['a', 'b', 'slow', 'c'];
    const shape = ['--items', items.join(','), '--batch-size', '2', '--shards', '1', '-p', '1', '--spares', '0'];
    const first = place.start('run', ...shape, '--retries', '1', '--name', 'r', '-o', 'out.csv', ...COMMAND);
    // Flags end at --; what the helper adds behind it goes to the command, which does not mind.
    const killed = exitOf(first);
    await until('the second batch is held', () => place.lines('executed.txt').includes('slow,c'));
    process.kill(Number(place.read('pid.txt')), 'SIGKILL');
    await until('it is tried again', () => place.lines('executed.txt').filter((line) => line === 'slow,c').length === 2);
    const pid = Number(place.read('pid.txt'));
    first.kill('SIGKILL');
    await killed;
    await until('the command is gone', () => !isAlive(pid));
    expect(executed(place)).toEqual(['a,b', 'slow,c', 'slow,c']);
    place.write('go');
    expect(await place.resume()).toMatchObject({ code: 0 });
    expect(executed(place)).toEqual(['slow,c']);
    expect(place.read('out.csv')).toBe(csvOf(items));
    expect(place.events('tried')).toMatchObject([{ key: 'slow', cause: 'signal', tries: 1 }]);
  });

  test('a child: its batch again as a whole, then its items alone', async () => {
    const place = workspace(GENERATOR.replace('case $item in', 'case $item in kill*) kill -9 $PPID; sleep 9 ;;'));
    const { code, stderr } = await run(place, 'a,kill,b', ['--batch-size', '3', '--shards', '1']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/signal: killed by SIGKILL/)]);
    expect(executed(place)).toEqual(['a', 'a,kill,b', 'a,kill,b', 'b', 'kill']);
    expect(place.read('out.csv')).toBe(csvOf(['a', 'b']));
  });
});

describe('what a command writes', () => {
  const CASES = `#!/bin/sh
mkdir -p out
case $1 in
  first) printf 'a,b\\n1,"x\\ny"\\n' ;;
  crlf) printf '\\357\\273\\277a,b\\r\\n2,"x\\r\\n"\\r\\n\\r\\n3,' ;;
  reordered) printf 'b,a\\n"4, 5",4\\n' ;;
  none) printf 'a,b\\n' ;;
  less) printf 'a\\n1\\n' ;;
  more) printf 'a,b,c\\n1,2,3\\n' ;;
  torn) printf 'a,b\\n1,"x' ;;
  ragged) printf 'a,b\\n1\\n' ;;
  empty) ;;
  missing) exec 1>&2; rm "out/$1"; exit 0 ;;
  json) printf '[{"a":1}]' ;;
  workbook) printf 'PK\\003\\004garbage' ;;
  parquet) printf 'PAR1garbage' ;;
esac > "out/$1" 2>&1
`;

  test('CSV of any make becomes one; what is missing, empty, torn or different is said', async () => {
    const place = workspace(CASES);
    const items = [
      'first',
      'crlf',
      'reordered',
      'none',
      'less',
      'more',
      'torn',
      'ragged',
      'empty',
      'missing',
      'json',
      'workbook',
      'parquet',
    ];
    const { code, stderr } = await run(
      place,
      items.join(','),
      ['--batch-size', '1'],
      ['--collect', 'out/{items}', '--', './gen.sh', '{items}'],
    );
    expect(code).toBe(1);
    expect(place.read('out.csv')).toBe('a,b\n1,"x\ny"\n2,"x\r\n"\n3,\n4,"4, 5"\n');
    const said = Object.fromEntries(place.report().failures.map(({ key, cause, message }) => [key, `${cause}: ${message}`]));
    expect(said).toEqual({
      less: 'bad-output: the header of out/less (a) is not that of out/first (a,b): without b',
      more: 'bad-output: the header of out/more (a,b,c) is not that of out/first (a,b): with c besides',
      torn: 'bad-output: out/torn: line 2: a quote is never closed, the file is torn',
      ragged: 'bad-output: out/ragged: line 2: the row has 1 field, the header has 2',
      empty: 'bad-output: the command ended with exit code 0, but out/empty is empty',
      missing: 'bad-output: the command ended with exit code 0, but there is no out/missing',
      json: 'bad-output: out/json: line 1: this looks like JSON, not like CSV (--collect-as json)',
      workbook: 'bad-output: out/workbook is not text: it is a zip archive or an Excel workbook',
      parquet: 'bad-output: out/parquet is not text: it is a Parquet file',
    });
    expect(stderr).toContain('bad-output  The command ended with exit code 0, but its output does not do');
  });

  test('JSON arrays and lines, from a path of ours; the file of items, positions', async () => {
    const script = `#!/bin/sh
echo "$1 $2 $3" >> executed.txt
if [ "$2" = 0 ]; then printf '[\\n  {"at": %s, "items": "%s"}\\n]' "$2" "$(tr '\\n' ';' < "$1" | tr -d '"')"; else printf '{"at":%s,"n":1.0}\\n{"at":%s}' "$2" "$3"; fi > "$4"
`;
    const place = workspace(script, { 'list.jsonl': '{"id":"a,1"}\n{"id":"b"}\n{"id":"c"}\n' });
    const command = ['--', './gen.sh', '{itemsFile}', '{start}', '{end}', '{output}'];
    expect(await run(place, 'list.jsonl', ['--key', 'id', '--batch-size', '2', '--shards', '1', '-o', 'out.jsonl'], command)).toMatchObject(
      { code: 0 },
    );
    expect(place.read('out.jsonl')).toBe('{"at": 0, "items": "{id:a,1};{id:b};"}\n{"at":2,"n":1.0}\n{"at":3}\n');
  });
});

describe('refused before anything starts', () => {
  test('what could not work', async () => {
    const place = workspace(GENERATOR, { 'plain.sh': 'exit 0', 'list.json': '["a","b,c"]' });
    const before = place.everything();
    const cases: readonly (readonly [args: readonly string[], says: RegExp])[] = [
      [
        ['--items', 'a', '--collect', '-', '--', 'no-such-program', '{items}'],
        /there is no executable "no-such-program": check the spelling/,
      ],
      [['--items', 'a', '--collect', '-', '--', 'gen.sh', '{items}'], /there is no executable "gen.sh": write \.\/gen\.sh/],
      [['--items', 'a', '--collect', '-', '--', './plain.sh', '{items}'], /plain\.sh: is not executable: .*chmod \+x/],
      [['--items', 'list.json', '--collect', '-', '--', './gen.sh', '{items}'], /the item "b,c" has a comma.*use \{itemsFile\}/],
      [['w.mjs', '--items', 'a', '--collect', '-'], /--collect is about the output of a command, and there is none/],
    ];
    await Promise.all(
      cases.map(async ([args, says]) => {
        const ended = await place.shardyard('run', ...args);
        expect([args, ended.code, ended.stderr]).toEqual([args, 2, expect.stringMatching(says)]);
      }),
    );
    expect(place.everything()).toEqual(before);
  });
});

/** Whether a process is there and no zombie, which nobody may be there to bury. */
function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
