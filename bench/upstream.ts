// The upstream of the benchmarks: nginx, which uses the least CPU, or a worker where nginx is missing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentBody, personaBody, refusalBody, refusedPrefix } from './personas.ts';
import type { Program, Programs } from './programs.ts';

/** @returns the program, and its name and version for the report */
export async function startUpstream(programs: Programs): Promise<Program & { readonly name: string }> {
  // Debian installs it in a folder that only root's PATH has.
  process.env['PATH'] += ':/usr/sbin';
  const version = /nginx\/\S+/.exec(String(spawnSync('nginx', ['-v']).stderr))?.[0];
  if (version === undefined) {
    const worker = await programs.start('helper', (port) => ({
      command: process.execPath,
      args: ['bench/upstream-worker.ts'],
      env: { PORT: String(port) },
    }));
    return { ...worker, name: `node:http, Node.js ${process.version}` };
  }
  const folder = mkdtempSync(join(tmpdir(), 'bluejay-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const program = await programs.start('helper', (port) => {
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, nginxConfiguration(port, folder));
    return { command: 'nginx', args: ['-p', folder, '-c', file, '-e', 'stderr'] };
  });
  return { ...program, name: version };
}

function nginxConfiguration(port: number, folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder};`)
    .join(' ');
  // nginx joins quoted strings; $1 is the id in the path.
  return `
    daemon off; master_process off; pid ${folder}/pid; error_log stderr crit;
    events { worker_connections 4096; }
    http {
      access_log off; ${temporary} default_type application/json; tcp_nodelay on;
      keepalive_requests 1000000000; keepalive_timeout 1h;
      server {
        listen 127.0.0.1:${port} backlog=4096;
        location ~ "^/v1/customer-persona/${refusedPrefix}-" { return 422 '${refusalBody}'; }
        location ~ "^/v1/customer-persona/([0-9a-f-]{36})$" { return 200 '${personaBody('$1')}'; }
        location ~ "^/v1/customer-personas-by-agent/[0-9]+$" { return 200 '${agentBody}'; }
        location / { return 404 '{"detail":"Not Found"}'; }
      }
    }`;
}
