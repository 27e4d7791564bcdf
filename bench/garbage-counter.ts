// Loaded into a server before its program: counts the promises and bytes that it allocates, and writes both counts to a
// file whenever it gets SIGUSR2.
import { writeFileSync } from 'node:fs';
import { getHeapStatistics, promiseHooks } from 'node:v8';

const file = process.env['COUNTS_FILE'] ?? '';
let promises = 0;
let writes = 0;
promiseHooks.onInit(() => {
  promises += 1;
});
process.on('SIGUSR2', () => {
  writes += 1;
  // Of the whole process since its start.
  const { total_allocated_bytes: bytes } = getHeapStatistics();
  writeFileSync(file, JSON.stringify({ writes, promises, bytes }));
});
