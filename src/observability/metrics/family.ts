import type { Metric, Registry } from 'prom-client';

/**
 * Metrics that are counted in plain numbers and made into samples only when somebody scrapes. prom-client's own
 * `observe` checks and hashes its labels each time, which costs a request more than all the rest of its metrics.
 */
export interface Family<Child> {
  /** The one with these label values, in the order of the label names; made when it is first asked for. */
  child(...labelValues: string[]): Child;
}

export interface FamilyOptions {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** The same for all of them. @default none */
  readonly fixedLabels?: Labels;
}

export interface Counter {
  value: number;
}

export interface Histogram {
  observe(value: number): void;
}

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly metricName: string;
  readonly labels: Labels;
  readonly value: number;
}

export function createCounters(options: FamilyOptions): Family<Counter> {
  return createFamily(options, 'counter', () => ({ value: 0 }), sampleCounter);
}

/** @param bounds the upper bounds of the buckets, ascending */
export function createHistograms(options: FamilyOptions, bounds: readonly number[]): Family<Histogram> {
  return createFamily(options, 'histogram', () => new Buckets(bounds), sampleHistogram);
}

class Buckets implements Histogram {
  readonly bounds: readonly number[];
  /** How many values each bucket has; the last one is what is above all bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? Infinity)) bucket += 1;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

function createFamily<Child>(
  { registry, name, help, labelNames, fixedLabels }: FamilyOptions,
  type: 'counter' | 'histogram',
  createChild: () => Child,
  sample: (name: string, labels: Labels, child: Child) => Sample[],
): Family<Child> {
  const registered = registry.getSingleMetric(name) as unknown as { leaves: Leaf<Child>[] } | undefined;
  // One family for each set of fixed labels, and one metric for all of them.
  const leaves = registered?.leaves ?? [];
  const root = createBranch<Child>();
  const metric = {
    name,
    help,
    leaves,
    get: () =>
      Promise.resolve({
        name,
        help,
        type,
        aggregator: 'sum',
        values: leaves.flatMap(({ labels, child }) => sample(name, labels, child)),
      }),
  };
  // All that the registry asks of a metric is its name and what `get` returns.
  if (registered === undefined) registry.registerMetric(metric as unknown as Metric);
  return {
    child(...labelValues) {
      let branch = root;
      for (const value of labelValues) branch = branch.branches.get(value) ?? addBranch(branch, value);
      if (branch.child === undefined) {
        branch.child = createChild();
        const own = labelNames.map((label, index) => [label, labelValues[index] ?? '']);
        const labels = { ...fixedLabels, ...(Object.fromEntries(own) as Labels) };
        leaves.push({ labels, child: branch.child });
      }
      return branch.child;
    },
  };
}

interface Leaf<Child> {
  readonly labels: Labels;
  readonly child: Child;
}

/** A node of the tree that finds a child by its label values: one key of all of them would be a new string each time. */
interface Branch<Child> {
  readonly branches: Map<string, Branch<Child>>;
  child: Child | undefined;
}

function createBranch<Child>(): Branch<Child> {
  return { branches: new Map(), child: undefined };
}

function addBranch<Child>(parent: Branch<Child>, value: string): Branch<Child> {
  const branch = createBranch<Child>();
  parent.branches.set(value, branch);
  return branch;
}

function sampleCounter(metricName: string, labels: Labels, { value }: Counter): Sample[] {
  return [{ metricName, labels, value }];
}

function sampleHistogram(name: string, labels: Labels, { bounds, counts, sum }: Buckets): Sample[] {
  let count = 0;
  const buckets = counts.map((inBucket, index) => {
    count += inBucket;
    return {
      metricName: `${name}_bucket`,
      labels: { ...labels, le: String(bounds[index] ?? '+Inf') },
      value: count,
    };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
