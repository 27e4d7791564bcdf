import { useRef } from 'react';
import { WriteNotice } from './notices.tsx';
import { usePersonaWrites } from './queries.ts';
import type { Persona } from './queries.ts';
import { navigate } from './route.ts';

interface DeletePersonaProps {
  readonly agentId: string;
  readonly persona: Persona;
  readonly onDone: (done: string) => void;
}

/** Asks before it deletes. */
export function DeletePersona({ agentId, persona: { id, name }, onDone }: DeletePersonaProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { remove } = usePersonaWrites(agentId);
  const confirm = () =>
    remove.mutate(id, {
      onSuccess() {
        onDone(`Deleted “${name ?? 'the persona'}”.`);
        navigate({ agentId, view: { kind: 'list' } });
      },
    });
  return (
    <>
      <button
        type="button"
        className="dangerous"
        onClick={() => {
          remove.reset();
          dialog.current?.showModal();
        }}
      >
        Delete …
      </button>
      <dialog ref={dialog} aria-labelledby="delete-heading">
        <h2 id="delete-heading">Delete “{name ?? 'this persona'}”?</h2>
        <p>This cannot be undone.</p>
        <WriteNotice error={remove.error} />
        <div className="bar">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" className="primary dangerous" onClick={confirm} disabled={remove.isPending}>
            {remove.isPending ? 'Deleting …' : 'Delete'}
          </button>
        </div>
      </dialog>
    </>
  );
}
