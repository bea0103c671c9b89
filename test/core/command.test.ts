import { describe, expect, test } from 'vitest';
import { checkCommand, commandName, commandText, fillIn, type GivenCommand, placeholdersIn } from '../../src/core/command.ts';

const check = (command: readonly string[], more: Omit<GivenCommand, 'command'> = {}): ReturnType<typeof checkCommand> =>
  checkCommand({ command, ...more }, '/here');

describe('a command', () => {
  test('says what it needs', () => {
    expect(check(['gen', '{items}'], { collect: '-' })).toEqual({ args: ['gen', '{items}'], collect: '-', format: 'csv', cwd: '/here' });
    expect(check(['gen', '{itemsFile}', '{output}'], { output: 'all.jsonl.gz' })).toMatchObject({ collect: '{output}', format: 'json' });
    expect(check(['gen', '{itemsFile}', '{output}'], { output: 'all.parquet' })).toMatchObject({ format: 'csv' });
    expect(check(['gen', '{start}', '{end}', '{name}'], { collect: 'out/{name}.json' })).toMatchObject({ format: 'json' });
    expect(check(['gen', '{items}'], { collect: '{items}.txt', collectAs: 'json', itemColumn: 'id' })).toMatchObject({
      format: 'json',
      itemColumn: 'id',
    });
  });

  test.each([
    [['gen'], { collect: '-' }, /not told its items/],
    [['gen', '{start}'], { collect: '-' }, /not told its items/],
    [['gen', '{shard}', '{batch}'], { collect: '-' }, /not told its items/],
    [['gen', '{item}'], { collect: '-' }, /\{item\}, which means nothing here/],
    [['gen', '{items}'], {}, /not said where the output/],
    [['gen', '{items}'], { collect: 'out.csv' }, /all processes would write the same file/],
    // Single items of a batch are tried beside the rest of it.
    [['gen', '{items}', '{shard}', '{batch}'], { collect: '{shard}-{batch}.csv' }, /all processes would write the same file/],
    [['gen', '{items}'], { collect: 'x/{name}.csv' }, /the command is not told \{name\}/],
    [['gen', '{items}'], { collect: '{items}.xlsx' }, /cannot be \.xlsx/],
    [['gen', '{items}'], { collect: '{items}.csv.gz' }, /cannot be \.gz/],
  ] as const)('%j with %j is refused', (command, more, says) => expect(() => check(command, more)).toThrow(says));

  test('placeholders are filled in within their argument; what is a shell’s own or unknown stays', () => {
    const values = { items: 'a; rm -rf $1,{name}', itemsFile: 'f', start: '0', end: '2', shard: '1', batch: '3', name: 'n', output: 'o' };
    expect(fillIn('{items}|${name}|{ print $1 }|{elsewhere}|{name}{shard}{batch}', values)).toBe(
      'a; rm -rf $1,{name}|${name}|{ print $1 }|{elsewhere}|n13',
    );
    expect([...placeholdersIn(['{items}${end}', '{x}{name}'])]).toEqual(['items', 'name']);
  });

  test('is named after its script, and shown as it can be typed', () => {
    expect(commandName(['npx', 'tsx', 'src/generate-dataset.ts'], 'src/generate-dataset.ts')).toBe('generate-dataset');
    expect(commandName(['/usr/bin/awk', 'x'], undefined)).toBe('awk');
    expect(commandText(['sh', '-c', 'echo "$1"', '{items}', "it's"])).toBe(`sh -c 'echo "$1"' {items} 'it'\\''s'`);
  });
});
