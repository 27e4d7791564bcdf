import { useSyncExternalStore } from 'react';

/** What the page shows, as its address has it: `#/agents/7/personas/<id>/edit`. */
export type View =
  | { readonly kind: 'list' }
  | { readonly kind: 'new' }
  | { readonly kind: 'persona' | 'edit'; readonly id: string };

export interface Route {
  readonly agentId: string;
  readonly view: View;
}

const firstAgentId = '7';

export function parseRoute(hash: string): Route {
  const [, , agentId = firstAgentId, kind, id, action] = hash.split('/').map(decode);
  if (kind === 'new') return { agentId, view: { kind } };
  if (kind !== 'personas' || id === undefined) return { agentId, view: { kind: 'list' } };
  return { agentId, view: { kind: action === 'edit' ? 'edit' : 'persona', id } };
}

export function href({ agentId, view }: Route): string {
  const agent = `#/agents/${encodeURIComponent(agentId)}`;
  if (view.kind === 'list') return agent;
  if (view.kind === 'new') return `${agent}/new`;
  const persona = `${agent}/personas/${encodeURIComponent(view.id)}`;
  return view.kind === 'edit' ? `${persona}/edit` : persona;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function subscribe(onChange: () => void): () => void {
  addEventListener('hashchange', onChange);
  return () => removeEventListener('hashchange', onChange);
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

export function navigate(route: Route): void {
  location.hash = href(route);
}
