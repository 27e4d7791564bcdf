import { expect } from 'vitest';
import { findFreePort } from './ports.ts';
import { isMissing, startProcess } from './processes.ts';

const python = '/usr/bin/python3';
export const isFastApiMissing = isMissing(python, '-c', 'import fastapi, uvicorn');

/** Starts test/fastapi/app.py, a real FastAPI, on a free port. */
export async function startFastApi(): Promise<string> {
  const port = await findFreePort();
  const { output } = startProcess(python, ['test/fastapi/app.py', String(port)]);
  await expect.poll(output).toContain('listening');
  return `http://127.0.0.1:${port}`;
}
