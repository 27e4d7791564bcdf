// Loaded into a server before its program: writes to a file, whenever it gets SIGUSR2, the bytes that the process has
// allocated since its start, and the promises since the signal before.
import { writeFileSync } from 'node:fs';
import { getHeapStatistics, promiseHooks } from 'node:v8';

const file = process.env['COUNTS_FILE'] ?? '';
let promises = 0;
let writes = 0;
process.on('SIGUSR2', () => {
  writes += 1;
  const { total_allocated_bytes: bytes } = getHeapStatistics();
  writeFileSync(file, JSON.stringify({ writes, bytes, promises }));
  promises = 0;
  // The hook makes promises several times as slow, so it comes when the bytes have been counted.
  if (writes === 2) promiseHooks.onInit(() => (promises += 1));
});
