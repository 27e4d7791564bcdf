import { expect, test } from 'vitest';
import { createRedisHealth } from '../../src/shared/redis/redis-health.ts';

function createHealth() {
  const changes: string[] = [];
  let nowMs = 0;
  const health = createRedisHealth({
    now: () => nowMs,
    onStateChange: (state, reason = 'again') => changes.push(`${state} ${reason}`),
  });
  return { ...health, changes, pass: (ms: number) => (nowMs += ms) };
}

test('a failure that comes and goes is reported once, until it has stayed away for ten seconds', () => {
  const { admit, succeed, refuse, changes, pass } = createHealth();
  for (let round = 0; round < 100; round += 1) {
    if (admit('write')) refuse('write', 'OOM');
    pass(1_000);
    if (admit('write')) succeed('write');
    pass(50);
  }
  expect(changes).toEqual(['read_only OOM', 'recovered again', 'read_only OOM']);
  pass(10_000);
  succeed('read');
  expect(changes.slice(3)).toEqual(['recovered again']);
});

test('writes that are refused stop neither reads nor deletes, and are tried once a second', () => {
  const { admit, succeed, refuse, pass } = createHealth();
  refuse('write', 'OOM');
  expect([admit('read'), admit('delete'), admit('write')]).toEqual([true, true, false]);
  pass(1_000);
  expect([admit('write'), admit('write')]).toEqual([true, false]);
  succeed('write');
  expect(admit('write')).toBe(true);
});

test('a key that is refused stops no other key', () => {
  const { admit, succeed, refuse, changes } = createHealth();
  for (const kind of ['write', 'read', 'delete', 'read'] as const) {
    refuse(kind, 'MOVED');
    expect([admit('read'), admit('read')]).toEqual([true, true]);
    succeed('read');
  }
  expect(changes).toEqual(['lost MOVED']);
});

test('no connection is worse than refused writes, which are reported again after it', () => {
  const { succeed, refuse, lose, timeOut, admit, changes, pass } = createHealth();
  refuse('write', 'READONLY');
  lose('ECONNREFUSED');
  lose('ETIMEDOUT');
  succeed('read');
  expect(changes).toEqual(['read_only READONLY', 'lost ECONNREFUSED', 'read_only READONLY']);
  pass(60_000);
  succeed('write');
  timeOut();
  expect(changes.slice(3)).toEqual(['recovered again', 'lost timeout']);
  expect([admit('read'), admit('write'), admit('delete')]).toEqual([false, false, false]);
});
