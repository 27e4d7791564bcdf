/** Creates a function that returns the first `maximum` different names, and `other` for all later ones. */
export function createBoundedNames(maximum: number): (name: string) => string {
  const known = new Set<string>();
  return (name) => {
    if (known.has(name)) return name;
    if (known.size >= maximum) return 'other';
    known.add(name);
    return name;
  };
}
