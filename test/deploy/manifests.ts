import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { parse, parseAllDocuments } from 'yaml';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

interface Model {
  readonly apiVersion: string;
  readonly kind: string;
  new (manifest: never): { validate(): void };
}

const models: readonly Model[] = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  ServiceMonitor,
];

export const readYaml = (path: string): unknown => parse(readFileSync(path, 'utf8'), { strict: true });

export const parseManifests = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml, { strict: true }).map((document) => document.toJS() as Manifest);

/** Every manifest in a folder, by file name. */
export function readManifests(folder: string): Map<string, Manifest> {
  const files = readdirSync(folder).filter((file) => file !== 'kustomization.yaml');
  return new Map(files.map((file) => [file, readYaml(join(folder, file)) as Manifest]));
}

/**
 * What Kubernetes would refuse, or ignore in silence. The schemas' validators look at values; fields that
 * nobody knows are found by the compiler, which refuses them in a literal of the schemas' types.
 */
export function findFaults(manifests: readonly Manifest[]): string[] {
  return [...manifests.flatMap(validate), ...findUnknownFields(manifests)];
}

function modelOf({ apiVersion, kind }: Manifest): Model | undefined {
  return models.find((model) => model.apiVersion === apiVersion && model.kind === kind);
}

function validate(manifest: Manifest): string[] {
  const Model = modelOf(manifest);
  if (Model === undefined)
    return [`${manifest.apiVersion} ${manifest.kind}: no schema in ${import.meta.url}`];
  try {
    new Model(manifest as never).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind}: ${String(error)}`];
  }
}

function findUnknownFields(manifests: readonly Manifest[]): string[] {
  const lines = manifests.filter(modelOf).map((manifest) => {
    const { apiVersion, kind } = manifest;
    const isOperator = apiVersion.startsWith('monitoring.coreos.com/');
    const from = isOperator ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models';
    return `(${JSON.stringify(manifest)}) satisfies import('${from}/${apiVersion}/${kind}').I${kind};\n`;
  });
  const folder = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
  try {
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'manifests.ts'), lines.join(''));
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
    const tsc = spawnSync(resolve('node_modules/.bin/tsc'), [...options, join(folder, 'manifests.ts')]);
    return tsc.status === 0 ? [] : [tsc.stdout.toString()];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
