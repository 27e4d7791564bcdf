import { useEffect, useState } from 'react';
import { AgentForm } from './agent-form.tsx';
import { EditPersona, NewPersona } from './persona-editors.tsx';
import { PersonaDetail } from './persona-detail.tsx';
import { PersonaList } from './persona-list.tsx';
import { useRoute } from './route.ts';
import type { Route } from './route.ts';
import { SandboxFaults } from './sandbox-faults.tsx';

export function App() {
  const route = useRoute();
  /** What was just done, for whoever does not see it. */
  const [done, setDone] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setDone(''), 8_000);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <div className="page" data-view={route.view.kind}>
      <header>
        <h1>Customer personas</h1>
        <AgentForm key={route.agentId} agentId={route.agentId} />
      </header>
      <main>
        <PersonaList route={route} />
        <Panel route={route} onDone={setDone} />
      </main>
      <p role="status" className="done">
        {done}
      </p>
      {import.meta.env.DEV && <SandboxFaults />}
    </div>
  );
}

function Panel({ route: { agentId, view }, onDone }: { route: Route; onDone: (done: string) => void }) {
  if (view.kind === 'list') return <p className="panel hint">Choose a persona to see who is calling.</p>;
  if (view.kind === 'new') return <NewPersona key={agentId} agentId={agentId} onDone={onDone} />;
  const Persona = view.kind === 'edit' ? EditPersona : PersonaDetail;
  return <Persona key={view.id} agentId={agentId} id={view.id} onDone={onDone} />;
}
