import { useQuery } from '@tanstack/react-query';
import { ReadNotice } from './notices.tsx';
import { BackLink, Heading } from './persona-detail.tsx';
import { PersonaForm } from './persona-form.tsx';
import type { Texts } from './persona-form.tsx';
import { personaOptions, usePersonaWrites } from './queries.ts';
import { href, navigate } from './route.ts';
import { Skeleton } from './text.tsx';

interface EditorProps {
  readonly agentId: string;
  readonly onDone: (done: string) => void;
}

export function NewPersona({ agentId, onDone }: EditorProps) {
  const { create } = usePersonaWrites(agentId);
  return (
    <article className="panel">
      <BackLink agentId={agentId} />
      <Heading>New persona</Heading>
      <PersonaForm
        initial={{ name: '', description: '', goal: '' }}
        error={create.error}
        isPending={create.isPending}
        cancelHref={href({ agentId, view: { kind: 'list' } })}
        onSubmit={(texts) =>
          create.mutate(texts, {
            onSuccess(persona) {
              onDone(`Created “${texts.name}”.`);
              navigate({ agentId, view: persona ? { kind: 'persona', id: persona.id } : { kind: 'list' } });
            },
          })
        }
      />
    </article>
  );
}

export function EditPersona({ agentId, id, onDone }: EditorProps & { id: string }) {
  const options = personaOptions(id);
  const query = useQuery(options);
  const { update } = usePersonaWrites(agentId);
  const persona = query.data?.value;
  const back = href({ agentId, view: { kind: 'persona', id } });
  const leave = () => navigate({ agentId, view: { kind: 'persona', id } });

  const save = (initial: Texts, texts: Texts) => {
    const changes = changesOf(initial, texts);
    if (Object.keys(changes).length === 0) return leave();
    return update.mutate(
      { id, ...changes },
      {
        onSuccess() {
          onDone(`Saved “${texts.name}”.`);
          leave();
        },
      },
    );
  };

  if (persona === undefined || persona === null) {
    return (
      <article className="panel" aria-busy={query.isFetching}>
        <BackLink agentId={agentId} />
        <Heading>{persona === null ? 'There is no such persona' : 'Edit'}</Heading>
        <ReadNotice query={query} queryKey={options.queryKey} />
        {query.isPending && query.failureReason === null && <Skeleton />}
      </article>
    );
  }
  const initial = {
    name: persona.name ?? '',
    description: persona.description ?? '',
    goal: persona.goal ?? '',
  };
  return (
    <article className="panel">
      <BackLink agentId={agentId} />
      <Heading>Edit “{persona.name ?? 'persona'}”</Heading>
      <PersonaForm
        initial={initial}
        missing={query.data?.missing ?? new Set()}
        error={update.error}
        isPending={update.isPending}
        cancelHref={back}
        onSubmit={(texts) => save(initial, texts)}
      />
    </article>
  );
}

/** What somebody else wrote meanwhile in other fields stays: only changed ones are sent. */
function changesOf(initial: Texts, texts: Texts): Partial<Texts> {
  const changed = Object.entries(texts).filter(([name, text]) => text !== initial[name as keyof Texts]);
  return Object.fromEntries(changed);
}
