import { problem } from './finding.ts';
import type { Verdict } from './finding.ts';

const commandsOfCounters = ['+eval', '+set', '+incrby', '+pttl', '+expire'];

/**
 * Explains an error reply of Redis to the operator.
 *
 * @param code such as `READONLY`
 * @param refused the commands that got the reply; empty where connecting got it
 */
export function explainRedisRefusal(code: string, message: string, refused: readonly string[]): Verdict {
  const commands = new Intl.ListFormat('en-GB').format(refused);
  switch (code) {
    case 'NOAUTH':
      return problem(
        'The cache wants a password (NOAUTH).',
        'Name it in CACHE_URL: redis://user:password@host:port, with the special characters percent-encoded.',
      );
    case 'WRONGPASS':
      return problem(
        'The cache refuses the user or the password (WRONGPASS).',
        'Check them in CACHE_URL: redis://user:password@host:port, with the special characters percent-encoded.',
      );
    case 'NOPERM':
      return refused.length === 0
        ? problem(
            "The cache's access list does not let the user select a database (NOPERM).",
            'Permit it with +select, or leave the database out of CACHE_URL.',
          )
        : problem(
            `The cache's access list does not permit ${commands} on the gateway's keys (NOPERM).`,
            `Permit with ACL SETUSER: ~bluejay-graphql:* ${permissionsFor(refused).join(' ')}.`,
          );
    case 'READONLY':
      return problem(
        `The cache is a read-only replica: it refuses ${commands} (READONLY).`,
        'Let CACHE_URL lead to the primary; after a failover the name may still lead to the old one.',
      );
    case 'OOM':
      return problem(
        `The cache is full: it refuses ${commands} (OOM).`,
        'Set its maxmemory-policy to allkeys-lru, so that it makes room, or give it more memory.',
      );
    case 'MOVED':
    case 'ASK':
    case 'TRYAGAIN':
      return problem(
        `The cache is one node of a cluster: it refuses the keys of the other nodes (${code}).`,
        'Let CACHE_URL lead to a Redis that is not a cluster, or to a proxy in front of the cluster.',
      );
    case 'CLUSTERDOWN':
      return problem(
        'The cache is a node of a cluster that is down (CLUSTERDOWN).',
        'Let CACHE_URL lead to a Redis that is not a cluster, or repair it.',
      );
    case 'LOADING':
      return problem('The cache is still loading its data (LOADING).', 'Wait and try again.');
    case 'MASTERDOWN':
      return problem(
        'The cache is a replica that has lost its primary, and refuses reads (MASTERDOWN).',
        'Let CACHE_URL lead to the primary.',
      );
    case 'MISCONF':
      return problem(
        `The cache cannot save its data: it refuses ${commands} (MISCONF).`,
        'Look at its log: the disk may be full. A cache need not save at all: CONFIG SET save "".',
      );
    case 'NOREPLICAS':
      return problem(
        `The cache has too few replicas: it refuses ${commands} (NOREPLICAS).`,
        'Bring its replicas back, or lower its min-replicas-to-write.',
      );
    case 'BUSY':
      return problem('A script keeps the cache busy (BUSY).', 'Wait and try again, or end it: SCRIPT KILL.');
    default:
      if (message.includes('DB index is out of range')) {
        return problem(
          'The cache has no database of that number.',
          'Check the number at the end of CACHE_URL.',
        );
      }
      if (message.includes('max number of clients')) {
        return problem(
          'The cache has as many clients as it lets in.',
          'Raise its maxclients, or look who holds the connections: CLIENT LIST.',
        );
      }
      return problem(
        `The cache refuses ${commands || 'the connection'} (${code}).`,
        'Check that CACHE_URL leads to a Redis or Valkey, and look at its log.',
      );
  }
}

function permissionsFor(refused: readonly string[]): string[] {
  const permissions = refused.flatMap((command) => {
    if (command === 'EVAL') return commandsOfCounters;
    const permission = `+${command.toLowerCase()}`;
    const isOfChannel = command === 'PUBLISH' || command === 'SUBSCRIBE';
    return isOfChannel ? [permission, '&bluejay-graphql:*'] : permission;
  });
  return [...new Set(permissions)];
}
