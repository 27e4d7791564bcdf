import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { ReadNotice } from './notices.tsx';
import { listOptions } from './queries.ts';
import type { ListedPersona, Read } from './queries.ts';
import { href } from './route.ts';
import type { Route } from './route.ts';
import { Skeleton, Text } from './text.tsx';

/** The personas of one agent. */
export function PersonaList({ route: { agentId, view } }: { route: Route }) {
  const options = listOptions(agentId);
  const query = useQuery(options);
  const heading = useHeadingOfReturn(view.kind === 'list');
  const isComing = query.isPending && query.failureReason === null;
  return (
    <nav className="list" aria-labelledby="list-heading" aria-busy={query.isFetching}>
      <div className="bar">
        <h2 id="list-heading" ref={heading} tabIndex={-1}>
          Agent {agentId}
        </h2>
        <a className="button primary" href={href({ agentId, view: { kind: 'new' } })}>
          New persona
        </a>
      </div>
      {query.error?.extensions.fieldErrors === undefined && (
        <ReadNotice query={query} queryKey={options.queryKey} />
      )}
      {isComing && <ListSkeleton />}
      {query.data && (
        <Personas read={query.data} agentId={agentId} currentId={'id' in view ? view.id : undefined} />
      )}
    </nav>
  );
}

/** The focus of a panel that was closed goes to the list's heading. */
function useHeadingOfReturn(isList: boolean) {
  const heading = useRef<HTMLHeadingElement>(null);
  const wasList = useRef(isList);
  useEffect(() => {
    if (isList && !wasList.current) heading.current?.focus();
    wasList.current = isList;
  }, [isList]);
  return heading;
}

interface PersonasProps {
  readonly read: Read<readonly ListedPersona[]>;
  readonly agentId: string;
  readonly currentId: string | undefined;
}

function Personas({ read: { value: personas, missing }, agentId, currentId }: PersonasProps) {
  if (personas.length === 0)
    return <p className="hint">This agent has no personas, or there is no such agent.</p>;
  return (
    <ul>
      {personas.map(({ id, name, goal }, index) => (
        <li key={id}>
          <a
            href={href({ agentId, view: { kind: 'persona', id } })}
            aria-current={id === currentId ? 'page' : undefined}
          >
            <strong>
              <Text value={name} isMissing={missing.has(`${index}.name`)} none="Without a name" />
            </strong>
            <span>
              <Text value={goal} isMissing={missing.has(`${index}.goal`)} none="No goal given" />
            </span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function ListSkeleton() {
  return (
    <ul className="skeletons" aria-hidden="true">
      {['62%', '78%', '54%'].map((width) => (
        <li key={width}>
          <Skeleton width={width} />
          <Skeleton width="92%" />
        </li>
      ))}
    </ul>
  );
}
