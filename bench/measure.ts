// Measures the servers under one scenario. They take turns in each round, so that the machine's state affects all.
import { requestHeaders } from './connection.ts';
import { createLoad } from './load.ts';
import type { LoadOptions } from './load.ts';
import { readCpuUsage, readMemoryMb } from './programs.ts';
import type { Program } from './programs.ts';
import type { Scenario } from './scenarios.ts';
import type { Server } from './servers.ts';
import { median, quantile } from './statistics.ts';

export interface Pace {
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
}

export interface Result {
  readonly server: string;
  /** CPU of the whole process per request, in microseconds: the median of the rounds. */
  readonly cpuMicros: number;
  /** CPU as a multiple of the first server's in the same round. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  readonly requestsPerSecond: number;
  /** How much of the time the server ran, from 0 to 1 a core. */
  readonly busy: number;
  /** How much of the time its main thread had to wait for the core, which others used: from 0 to 1. */
  readonly waiting: number;
  /** Resident after the last round, in megabytes. */
  readonly memoryMb: number;
}

interface Sample {
  readonly cpuMicros: number;
  readonly requestsPerSecond: number;
  readonly busy: number;
  readonly waiting: number;
}

/** A server that is asked for a scenario, after its answers were found right. */
interface Subject {
  readonly server: Server;
  readonly options: LoadOptions;
}

/** @param servers the first one is what the others are compared with */
export async function measureScenario(
  scenario: Scenario,
  servers: readonly Server[],
  pace: Pace,
): Promise<Result[]> {
  const subjects = await prepareAll(scenario, servers);
  const samples = subjects.map((): Sample[] => []);
  for (const subject of subjects) await run(subject, pace.warmUpMs);
  await takeTurns(subjects, pace.rounds, async (subject, index) => {
    samples[index]?.push(await run(subject, pace.roundMs));
  });
  return subjects.map(({ server }, index) => summarise(server, samples[index] ?? [], samples[0] ?? []));
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * The results with latencies at half of the peak rates: the medians of the rounds.
 *
 * @param peaks the servers' results in the same scenario
 */
export async function addLatencies(
  scenario: Scenario,
  servers: readonly Server[],
  peaks: readonly Result[],
  { rounds, roundMs }: Pace,
): Promise<(Result & Latency)[]> {
  const subjects = await prepareAll(scenario, servers);
  const samples = subjects.map((): Latency[] => []);
  await takeTurns(subjects, rounds, async ({ options }, index) => {
    const load = await createLoad(options);
    const latencies = await load.openLoop((peaks[index]?.requestsPerSecond ?? 0) / 2, roundMs / 2);
    load.close();
    samples[index]?.push({ p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) });
  });
  return peaks.map((peak, index) => ({
    ...peak,
    p50Ms: median(samples[index]?.map(({ p50Ms }) => p50Ms) ?? []),
    p99Ms: median(samples[index]?.map(({ p99Ms }) => p99Ms) ?? []),
  }));
}

/** Every other round goes backwards, so that no server always follows the same one. */
async function takeTurns(
  subjects: readonly Subject[],
  rounds: number,
  turn: (subject: Subject, index: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const order = [...subjects.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [index, subject] of order) await turn(subject, index);
  }
}

/**
 * Sends a number of requests, as fast as they are answered.
 *
 * @returns the server's CPU per request, in microseconds
 */
export async function sendRequests(scenario: Scenario, server: Server, count: number): Promise<number> {
  const load = await createLoad((await prepare(scenario, server)).options);
  const before = readCpuUsage(server.program);
  let left = count;
  await load.closedLoop(() => {
    left -= 1;
    return left >= 0;
  });
  load.close();
  return (readCpuUsage(server.program).usedMicros - before.usedMicros) / count;
}

const prepareAll = (scenario: Scenario, servers: readonly Server[]): Promise<Subject[]> =>
  Promise.all(servers.map((server) => prepare(scenario, server)));

/** Asks once and compares the whole answer; under load only its status and length are compared. */
export async function prepare(scenario: Scenario, server: Server): Promise<Subject> {
  const { connections, nextIds, body, check } = scenario;
  const { url } = server.program;
  const ids = nextIds();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: requestHeaders,
    body: body(ids),
  });
  const answer = await response.text();
  try {
    check(JSON.parse(answer) as object, ids);
  } catch (error) {
    const problem = `${server.name} answers “${scenario.name}” wrongly, with ${response.status} ${answer}`;
    throw new Error(problem, { cause: error });
  }
  const expected = { status: response.status, bytes: Buffer.byteLength(answer) };
  return { server, options: { url, connections, nextBody: () => body(nextIds()), expected } };
}

/** How long a server opens connections to the upstream again before it is measured, in milliseconds. */
const leadInMs = 200;

/** On connections of its own: while the others have their turn, a server would close them. */
async function run({ server, options }: Subject, durationMs: number): Promise<Sample> {
  const load = await createLoad(options);
  const begunAt = performance.now();
  await load.closedLoop(() => performance.now() - begunAt < leadInMs);
  const before = readCpuUsage(server.program);
  const startedAt = performance.now();
  const requests = await load.closedLoop(() => performance.now() - startedAt < durationMs);
  const elapsedMicros = (performance.now() - startedAt) * 1e3;
  const after = readCpuUsage(server.program);
  const cpuMicros = after.usedMicros - before.usedMicros;
  load.close();
  return {
    cpuMicros: cpuMicros / requests,
    requestsPerSecond: (requests / elapsedMicros) * 1e6,
    busy: cpuMicros / elapsedMicros,
    waiting: (after.waitedMicros - before.waitedMicros) / elapsedMicros,
  };
}

function summarise({ name, program }: Server, samples: readonly Sample[], base: readonly Sample[]): Result {
  const ratios = samples.map(({ cpuMicros }, round) => cpuMicros / (base[round]?.cpuMicros ?? cpuMicros));
  const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
  return {
    server: name,
    cpuMicros: of('cpuMicros'),
    ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) },
    requestsPerSecond: of('requestsPerSecond'),
    busy: of('busy'),
    waiting: of('waiting'),
    memoryMb: readMemoryMb(program).now,
  };
}

/** The median of several starts, in milliseconds: from the start of the process until it took a connection. */
export async function measureStart(start: () => Promise<Program>, times: number): Promise<number> {
  const durations: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const program = await start();
    durations.push(program.startMs);
    await program.stop();
  }
  return median(durations);
}
