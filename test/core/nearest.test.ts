import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distance, nearest, suggest } from '../../src/core/nearest.ts';

const FLAGS = ['items', 'key', 'limit', 'processes', 'shards', 'spares', 'stagger', 'batch-size', 'output'];

describe('distance', () => {
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['shards', 'shards', 0],
    ['shrads', 'shards', 1],
    ['shard', 'shards', 1],
    ['kitten', 'sitting', 3],
    ['ab', 'ba', 1],
    ['😀a', 'a😀', 1],
  ])('%j to %j is %d', (from, to, apart) => expect(distance(from, to)).toBe(apart));

  test('is the same both ways, nothing only for equals, and never more than the longer word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        const apart = distance(a, b);
        expect(distance(b, a)).toBe(apart);
        expect(apart === 0).toBe(a === b);
        expect(apart).toBeLessThanOrEqual(Math.max([...a].length, [...b].length));
      }),
    );
  });

  test('one slip is a distance of one', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{2,10}$/), fc.nat(), (word, seed) => {
        const at = seed % (word.length - 1);
        const swapped = word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2);
        const dropped = word.slice(0, at) + word.slice(at + 1);
        expect(distance(word, swapped)).toBe(swapped === word ? 0 : 1);
        expect(distance(word, dropped)).toBe(1);
        expect(distance(word, `${word.slice(0, at)}-${word.slice(at + 1)}`)).toBe(1);
      }),
    );
  });
});

describe('nearest', () => {
  test('finds slips', () => {
    expect(nearest('shrads', FLAGS)).toBe('shards');
    expect(nearest('outptu', FLAGS)).toBe('output');
    expect(nearest('BATCHSIZE', FLAGS)).toBe('batch-size');
    expect(nearest('kye', FLAGS)).toBe('key');
  });

  test('finds the only word that begins so', () => {
    expect(nearest('proc', FLAGS)).toBe('processes');
    expect(nearest('sta', FLAGS)).toBe('stagger');
  });

  test('finds nothing where nothing is near', () => {
    expect(nearest('colour', FLAGS)).toBeUndefined();
    expect(nearest('x', ['f', 'p'])).toBeUndefined();
    expect(nearest('', FLAGS)).toBeUndefined();
    expect(nearest('abc', [])).toBeUndefined();
  });

  test('says so', () => {
    expect(suggest('shrads', FLAGS)).toBe('did you mean "shards"?');
    expect(suggest('xyz', ['bar', 'plain'])).toBe('choose from bar, plain');
    expect(
      suggest(
        'xyzzy',
        Array.from({ length: 20 }, (_, at) => `option-${at}`),
      ),
    ).toBeUndefined();
  });
});
