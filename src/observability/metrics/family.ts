import type { Metric, Registry } from 'prom-client';

/**
 * Metrics of one name that count in plain numbers and create samples only for a scrape. prom-client's own `observe` checks
 * and hashes the labels at each call, which costs more than all other metrics of a request.
 */
export interface Family<Child> {
  /** Returns the metric with these label values, in the order of the label names. The first call creates it. */
  child(...labelValues: string[]): Child;
}

export interface FamilyOptions {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Labels that all metrics of the family have. @default none */
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

/** Creates counters. */
export function createCounters(options: FamilyOptions): Family<Counter> {
  return createFamily(options, 'counter', () => ({ value: 0 }), sampleCounter);
}

/**
 * Creates histograms.
 *
 * @param bounds the upper bounds of the buckets, ascending
 */
export function createHistograms(options: FamilyOptions, bounds: readonly number[]): Family<Histogram> {
  return createFamily(options, 'histogram', () => new Buckets(bounds), sampleHistogram);
}

class Buckets implements Histogram {
  readonly bounds: readonly number[];
  /** The number of values in each bucket; the last bucket has those above all bounds. */
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
  // Families of the same name with other fixed labels share one metric.
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
  // The registry uses only the name of a metric and the result of `get`.
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
