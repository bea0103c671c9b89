import { expect, it } from 'vitest';
import { createFlood } from '../../src/reporters/flood.ts';

const rush = (flood: ReturnType<typeof createFlood<string>>, kind: string, count: number): number =>
  Array.from({ length: count }, () => flood.admit(kind)).filter(Boolean).length;

it('lets single lines through as long as there are few', () => {
  const flood = createFlood<string>(10);
  for (let window = 0; window < 3; window++) {
    expect(rush(flood, 'batch', 10)).toBe(10);
    expect(flood.drain()).toEqual(new Map());
  }
});

it('holds back and counts what is too much, and all of the next window', () => {
  const flood = createFlood<string>(10);
  expect(rush(flood, 'batch', 500)).toBe(10);
  expect(flood.drain()).toEqual(new Map([['batch', 490]]));
  expect(rush(flood, 'batch', 20)).toBe(0);
  expect(flood.drain()).toEqual(new Map([['batch', 20]]));
});

it('opens again after a calm window', () => {
  const flood = createFlood<string>(10);
  rush(flood, 'batch', 500);
  flood.drain();
  expect(rush(flood, 'batch', 3)).toBe(0);
  expect(flood.drain()).toEqual(new Map([['batch', 3]]));
  expect(rush(flood, 'batch', 3)).toBe(3);
});

it('a flood of one kind holds back no other', () => {
  const flood = createFlood<string>(10);
  rush(flood, 'failed', 500);
  expect(rush(flood, 'died', 10)).toBe(10);
});
