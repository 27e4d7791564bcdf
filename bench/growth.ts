// Measures how the gateway's cost grows with the ids of a request, and with the number of documents.
import { measureScenario, sendRequests } from './measure.ts';
import type { Pace, Result } from './measure.ts';
import { readMemoryMb } from './programs.ts';
import { distinctDocuments, personasScenario, uniqueIds } from './scenarios.ts';
import type { Server } from './servers.ts';

export interface IdsCost {
  readonly ids: number;
  readonly results: readonly Result[];
}

/** CPU of requests with more and more ids. */
export async function measureIds(servers: readonly Server[], pace: Pace): Promise<IdsCost[]> {
  const costs: IdsCost[] = [];
  for (const ids of [1, 10, 25, 50, 100]) {
    costs.push({ ids, results: await measureScenario(personasScenario(ids), servers, pace) });
  }
  return costs;
}

export interface DocumentsCost {
  readonly documents: number;
  /** CPU of a request with a document that is new, in microseconds. */
  readonly newCpuMicros: number;
  /** CPU of a request with a document that was seen before, and resident memory in megabytes. */
  readonly before: { readonly cpuMicros: number; readonly memoryMb: number };
  readonly after: { readonly cpuMicros: number; readonly memoryMb: number };
}

/** @param server has seen no other documents yet */
export async function measureDocuments(server: Server): Promise<DocumentsCost> {
  const documents = 10_000;
  const measureHot = async () => {
    await sendRequests(uniqueIds, server, 5_000);
    const cpuMicros = await sendRequests(uniqueIds, server, 20_000);
    return { cpuMicros, memoryMb: readMemoryMb(server.program).now };
  };
  const before = await measureHot();
  const newCpuMicros = await sendRequests(distinctDocuments, server, documents);
  return { documents, before, newCpuMicros, after: await measureHot() };
}
