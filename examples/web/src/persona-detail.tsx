import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { DeletePersona } from './delete-persona.tsx';
import { ReadNotice } from './notices.tsx';
import { listOptions, personaOptions } from './queries.ts';
import { href } from './route.ts';
import { Skeleton, Text } from './text.tsx';

interface PersonaDetailProps {
  readonly agentId: string;
  readonly id: string;
  readonly onDone: (done: string) => void;
}

/** One persona. What the list knows of it already is shown meanwhile. */
export function PersonaDetail({ agentId, id, onDone }: PersonaDetailProps) {
  const options = personaOptions(id);
  const query = useQuery(options);
  const listed = useListed(agentId, id);
  const missing = query.data?.missing ?? new Set<string>();
  const persona = query.data?.value ?? undefined;
  // Without the detail, what the list does not have is on its way, or could not be read.
  const isComing = query.isPending && query.failureReason === null;
  const isUnread = query.data === undefined && !isComing;

  if (query.data?.value === null) return <NoSuchPersona agentId={agentId} />;
  const name = persona?.name ?? listed?.name;
  return (
    <article className="panel" aria-busy={query.isFetching}>
      <BackLink agentId={agentId} />
      <Heading>
        <Text
          value={name}
          isMissing={missing.has('name')}
          isComing={isComing}
          none={isUnread ? 'A persona' : 'Without a name'}
        />
      </Heading>
      <ReadNotice query={query} queryKey={options.queryKey} />
      <dl>
        <dt>Who is calling</dt>
        <dd>
          <Text
            value={persona?.description}
            isMissing={missing.has('description') || isUnread}
            isComing={isComing}
            none="No description given"
          />
        </dd>
        <dt>What they want</dt>
        <dd>
          <Text
            value={persona?.goal ?? listed?.goal}
            isMissing={missing.has('goal') || (isUnread && !listed?.goal)}
            isComing={isComing}
            none="No goal given"
          />
        </dd>
        <dt>Created</dt>
        <dd>
          {isComing ? (
            <Skeleton width="9rem" />
          ) : (
            <Text
              value={persona?.createdAt && formatDate(persona.createdAt)}
              isMissing={missing.has('createdAt') || isUnread}
              none="Unknown"
            />
          )}
        </dd>
      </dl>
      {persona && (
        <div className="bar">
          <a className="button" href={href({ agentId, view: { kind: 'edit', id } })}>
            Edit
          </a>
          <DeletePersona agentId={agentId} persona={persona} onDone={onDone} />
        </div>
      )}
    </article>
  );
}

function useListed(agentId: string, id: string) {
  return useQueryClient()
    .getQueryData(listOptions(agentId).queryKey)
    ?.value.find((persona) => persona.id === id);
}

function NoSuchPersona({ agentId }: { agentId: string }) {
  return (
    <article className="panel">
      <BackLink agentId={agentId} />
      <Heading>There is no such persona</Heading>
      <p>It may have been deleted, or the API key may not see it.</p>
    </article>
  );
}

/** On a narrow screen the list is a page of its own. */
export function BackLink({ agentId }: { agentId: string }) {
  return (
    <a className="back" href={href({ agentId, view: { kind: 'list' } })}>
      ← All personas
    </a>
  );
}

/** The heading of a panel that was just opened: keyboard and screen reader go on from there. */
export function Heading({ children }: { children: ReactNode }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => ref.current?.focus(), []);
  return (
    <h2 ref={ref} tabIndex={-1}>
      {children}
    </h2>
  );
}

function formatDate(dateTime: string): string {
  return new Date(dateTime).toLocaleString(undefined, { dateStyle: 'long', timeStyle: 'short' });
}
