// Fails for a known vulnerability in a package that the gateway runs on: `npm run check:advisories [-- --timeout-ms=60000]`.
// Where no registry answers, or it knows no advisories, says so and passes.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** What `npm audit --json` prints. */
interface AuditReport {
  /** Absent where the registry gave none. */
  readonly vulnerabilities?: Readonly<Record<string, Vulnerability>>;
  readonly statusCode?: number;
  readonly message?: string;
}

interface Vulnerability {
  /** Advisories, and names of vulnerable dependencies. */
  readonly via: readonly (string | Advisory)[];
  readonly fixAvailable: boolean | { readonly name: string; readonly version: string };
}

interface Advisory {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: string;
  /** The affected versions. */
  readonly range: string;
}

const { values } = parseArgs({ options: { 'timeout-ms': { type: 'string', default: '60000' } } });
const timeoutMs = Number(values['timeout-ms']);

const result = audit();
if (typeof result === 'string') {
  process.stdout.write(`skipped: ${result}\n`);
} else {
  const lines = Object.values(result).flatMap(describe);
  if (lines.length === 0) {
    process.stdout.write('No advisory is known for the packages that the gateway runs on.\n');
  } else {
    process.stderr.write(`These advisories are for packages that the gateway runs on:\n${lines.join('')}`);
    process.exitCode = 1;
  }
}

/** @returns the vulnerabilities by package, or why nothing is known of them */
function audit(): Readonly<Record<string, Vulnerability>> | string {
  const folder = mkdtempSync(join(tmpdir(), 'advisories-'));
  try {
    execFileSync('node', ['scripts/runtime-lock.mjs', folder]);
    const { stdout, error } = spawnSync(
      'npm',
      ['audit', '--package-lock-only', '--json', '--fetch-retries=0'],
      {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
      },
    );
    if (error !== undefined) return `the registry has not answered within ${timeoutMs} ms`;
    return read(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Reads the output of npm. Repeats no address of a registry. */
function read(output: string): Readonly<Record<string, Vulnerability>> | string {
  let report: AuditReport;
  try {
    report = JSON.parse(output) as AuditReport;
  } catch {
    return 'npm has printed no report';
  }
  const { vulnerabilities, statusCode, message = '' } = report;
  if (vulnerabilities !== undefined) return vulnerabilities;
  if (statusCode !== undefined) return `the registry answers a question for advisories with ${statusCode}`;
  return `the registry gives no advisories (${/\b(E[A-Z]{4,}|invalid json)\b/.exec(message)?.[0] ?? 'unknown reason'})`;
}

function describe({ via, fixAvailable }: Vulnerability): string[] {
  const advisories = via.filter((each) => typeof each !== 'string');
  // npm's levels are info, low, moderate, high and critical.
  const serious = advisories.filter(({ severity }) => severity !== 'info' && severity !== 'low');
  return serious.map(
    ({ name, title, url, severity, range }) =>
      `  ${name} ${range}: ${severity}, ${title} (${url}). ${fixOf(name, fixAvailable)}\n`,
  );
}

function fixOf(name: string, fix: Vulnerability['fixAvailable']): string {
  if (fix === true) return `Fix: npm update ${name}`;
  if (fix === false) return 'Fix: none released yet';
  return `Fix: npm install ${fix.name}@${fix.version}`;
}
