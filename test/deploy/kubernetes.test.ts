import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IService } from 'kubernetes-models/v1/Service';
import { expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../src/config/index.ts';
import { stopTimeoutMs } from '../../src/config/stop-timeout.ts';
import { isMissing } from '../support/processes.ts';
import { readContainerEnvironment, readImageEnvironment, readKustomization, spareMs } from './environment.ts';
import { findFaults, parseManifests, readManifests } from './manifests.ts';
import type { Manifest } from './manifests.ts';

const folder = 'deploy/kubernetes';
const manifests = readManifests(folder);
const get = (file: string): unknown => manifests.get(file);
const deployment = get('deployment.yaml') as IDeployment;
const pod = deployment.spec?.template;
const gateway = pod?.spec?.containers[0];

test('every manifest fits the schemas of Kubernetes and of the Prometheus operator', () => {
  expect(findFaults([...manifests.values()])).toEqual([]);
});

test.each([
  ['a wrong value', { ...deployment.spec, minReadySeconds: 'soon' }, 'minReadySeconds must be integer'],
  ['a field that does not exist', { ...deployment.spec, replica: 2 }, `'"replica"' does not exist in type`],
])('%s in a manifest is found', (_, spec, fault) => {
  const faults = findFaults([{ ...deployment, spec } as unknown as Manifest]);
  expect(faults.join()).toContain(fault);
});

test('the kustomization lists every manifest, and no other', () => {
  expect(readKustomization().resources.toSorted()).toEqual([...manifests.keys()].toSorted());
});

test.skipIf(isMissing('kubectl', 'version', '--client'))(
  'kubectl renders the kustomization, and what comes out fits the schemas too (skipped without kubectl)',
  () => {
    const rendered = parseManifests(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' }));
    expect(findFaults(rendered)).toEqual([]);
    const kinds = [...manifests.values()].map(({ kind }) => kind);
    expect(rendered.map(({ kind }) => kind).toSorted()).toEqual([...kinds, 'ConfigMap'].toSorted());
  },
);

// Debian 12's kubectl is of 2021 and knows bases only by another name.
const isOld = spawnSync('sh', ['-c', 'kubectl version --client | grep Kustomize']).status !== 0;

test.skipIf(isOld)(
  'the run book’s overlay sets the namespace, the image and the configuration (skipped without a recent kubectl)',
  () => {
    const [, overlay = ''] = /```yaml\n([^`]*)```/.exec(readFileSync('docs/operations.md', 'utf8')) ?? [];
    const deploy = mkdtempSync(join(tmpdir(), 'bluejay-graphql-'));
    onTestFinished(() => rmSync(deploy, { recursive: true }));
    cpSync(folder, join(deploy, 'kubernetes'), { recursive: true });
    mkdirSync(join(deploy, 'production'));
    writeFileSync(join(deploy, 'production/kustomization.yaml'), overlay);
    const yaml = execFileSync('kubectl', ['kustomize', join(deploy, 'production')], { encoding: 'utf8' });
    expect(findFaults(parseManifests(yaml))).toEqual([]);
    expect(yaml.match(/namespace: bluejay/g)).toHaveLength(manifests.size + 1);
    expect(yaml).toContain('image: registry.example.com/bluejay-graphql:0.1.0');
    expect(yaml).toContain('PERSONA_CACHE_TTL_MS: "30000"');
    expect(yaml).toContain('DRAIN_DELAY_MS: "10000"');
  },
);

test('all of them mean the same pods', () => {
  const labels = pod?.metadata?.labels;
  expect(labels).toBeDefined();
  expect(deployment.spec?.selector.matchLabels).toEqual(labels);
  for (const constraint of pod?.spec?.topologySpreadConstraints ?? []) {
    expect(constraint.labelSelector?.matchLabels).toEqual(labels);
  }
  const service = get('service.yaml') as IService;
  expect(service.spec?.selector).toEqual(labels);
  expect((get('pod-disruption-budget.yaml') as IPodDisruptionBudget).spec?.selector?.matchLabels).toEqual(
    labels,
  );
  expect((get('network-policy.yaml') as INetworkPolicy).spec?.podSelector?.matchLabels).toEqual(labels);
  const monitor = get('service-monitor.yaml') as IServiceMonitor;
  expect(monitor.spec?.selector.matchLabels).toEqual(service.metadata?.labels);
  const { apiVersion, kind, metadata } = deployment;
  const target = (get('horizontal-pod-autoscaler.yaml') as IHorizontalPodAutoscaler).spec?.scaleTargetRef;
  expect(target).toEqual({ apiVersion, kind, name: metadata?.name });
});

test('all of them mean the same ports, and the gateway listens there', () => {
  const environment = readContainerEnvironment();
  expect(gateway?.ports).toEqual([
    { name: 'http', containerPort: Number(environment['PORT']) },
    { name: 'metrics', containerPort: Number(environment['METRICS_PORT']) },
  ]);
  const names = ['http', 'metrics'];
  const service = (get('service.yaml') as IService).spec?.ports ?? [];
  expect(service.map(({ targetPort }) => targetPort)).toEqual(names);
  const ingress = (get('network-policy.yaml') as INetworkPolicy).spec?.ingress ?? [];
  expect(ingress.flatMap(({ ports }) => ports?.map(({ port }) => port))).toEqual(names);
  expect(service.map(({ name }) => name)).toContain(
    (get('service-monitor.yaml') as IServiceMonitor).spec?.endpoints?.[0]?.port,
  );
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
    expect(gateway?.[probe]?.httpGet?.port).toBe('http');
  }
});

interface Peer {
  /** Of a pod, where labels can select it; the host's network has none. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Cilium matches a pod by its labels alone, and what is no pod by its address alone. */
  readonly address?: string;
}

/** Whether the network policy lets a packet of the gateway's out, in any network plugin. */
function isLetOut(peer: Peer, protocol: string, port: number): boolean {
  const { egress = [] } = (get('network-policy.yaml') as INetworkPolicy).spec ?? {};
  const isSelected = (selector: { matchLabels?: Record<string, string> } = {}, labels: Peer['labels'] = {}) =>
    Object.entries(selector.matchLabels ?? {}).every(([name, value]) => labels[name] === value);
  const familyOf = (address: string) => (isIP(address) === 4 ? 'ipv4' : 'ipv6');
  const isIn = (cidrs: readonly string[], address: string) =>
    cidrs.some((cidr) => {
      const [network = '', prefix] = cidr.split('/');
      const list = new BlockList();
      list.addSubnet(network, Number(prefix), familyOf(network));
      // A list takes `::/0` for all of IPv4, too.
      return familyOf(network) === familyOf(address) && list.check(address, familyOf(address));
    });
  return egress.some(
    ({ to = [], ports = [] }) =>
      ports.some((entry) => (entry.protocol ?? 'TCP') === protocol && entry.port === port) &&
      to.some(({ ipBlock, namespaceSelector, podSelector }) =>
        ipBlock === undefined
          ? peer.namespace !== undefined &&
            isSelected(namespaceSelector, { 'kubernetes.io/metadata.name': peer.namespace }) &&
            isSelected(podSelector, peer.labels)
          : peer.address !== undefined &&
            isIn([ipBlock.cidr], peer.address) &&
            !isIn(ipBlock.except ?? [], peer.address),
      ),
  );
}

test.each<[string, Peer, number]>([
  ['CoreDNS', { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }, 53],
  ['NodeLocal DNSCache as pods', { namespace: 'kube-system', labels: { 'k8s-app': 'node-local-dns' } }, 53],
  ['NodeLocal DNSCache on the host', { address: '169.254.20.10' }, 53],
  ['NodeLocal DNSCache of kubespray', { address: '169.254.25.10' }, 53],
  ['NodeLocal DNSCache over IPv6', { address: 'fd00::a' }, 53],
  ['NodeLocal DNSCache at the address of the DNS Service', { address: '10.96.0.10' }, 53],
  ['Cloud DNS of GKE', { address: '169.254.169.254' }, 53],
  [
    'OpenShift',
    { namespace: 'openshift-dns', labels: { 'dns.operator.openshift.io/daemonset-dns': 'default' } },
    5353,
  ],
])('the network policy lets queries out to the DNS of %s', (_, peer, port) => {
  expect([isLetOut(peer, 'UDP', port), isLetOut(peer, 'TCP', port)]).toEqual([true, true]);
});

test('the network policy lets HTTPS out to the internet, and to nothing inside', () => {
  const isHttpsLetOut = (address: string) => isLetOut({ address }, 'TCP', 443);
  expect(['192.0.2.1', '2001:db8::1'].filter(isHttpsLetOut)).toHaveLength(2);
  const inside = ['10.96.0.1', '100.64.0.1', '169.254.169.254', '172.20.0.1', '192.168.1.1', 'fd00::1'];
  expect(inside.filter(isHttpsLetOut)).toEqual([]);
  expect(isLetOut({ address: '169.254.169.254' }, 'TCP', 80)).toBe(false);
  expect(isLetOut({ namespace: 'default', labels: { app: 'another' } }, 'TCP', 443)).toBe(false);
});

test('a pod has the longest time that a stop takes, and some to spare', () => {
  const result = parseConfig({ ...readImageEnvironment(), ...readContainerEnvironment() });
  if (!result.ok) throw new Error(result.problems.join());
  const graceMs = (pod?.spec?.terminationGracePeriodSeconds ?? 0) * 1_000;
  expect(graceMs).toBeGreaterThanOrEqual(stopTimeoutMs(result.config) + spareMs);
});

test('what is secret comes from a Secret, and no Secret is in the repository', () => {
  const from = (key: string) => ({ secretKeyRef: { name: 'bluejay-graphql', key } });
  expect(gateway?.env).toMatchObject([
    { name: 'BLUEJAY_API_KEY', valueFrom: from('BLUEJAY_API_KEY') },
    { name: 'ROUTER_SECRET', valueFrom: from('ROUTER_SECRET') },
  ]);
  expect(gateway?.envFrom).toEqual([{ configMapRef: { name: 'bluejay-graphql' } }]);
  expect([...manifests.values()].map(({ kind }) => kind)).not.toContain('Secret');
  expect(existsSync(`${folder}/secret.yaml`)).toBe(false);
});
