import { readFileSync } from 'node:fs';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { expect, test } from 'vitest';
import { readDockerfile } from '../../scripts/dockerfile.ts';
import { readYaml } from './manifests.ts';

const textsOf = (name: string) =>
  readDockerfile().flatMap(({ keyword, text }) => (keyword === name ? [text] : []));
const { version, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  devDependencies: Record<string, string>;
};
const pod = (readYaml('deploy/kubernetes/deployment.yaml') as IDeployment).spec?.template.spec;

test('the image brings the Node.js that everything is tested on', () => {
  const expected = `node:${devDependencies['node']}-trixie-slim`;
  expect(textsOf('FROM')).toEqual([`${expected} AS build`, expected]);
});

test('the user of the image is the one that Kubernetes runs it as', () => {
  const { runAsUser, runAsGroup, runAsNonRoot } = pod?.securityContext ?? {};
  expect(runAsNonRoot).toBe(true);
  expect(textsOf('USER').at(-1)).toBe(`${runAsUser}:${runAsGroup}`);
});

test('Kubernetes runs the image of this version', () => {
  expect(pod?.containers.map(({ image }) => image)).toEqual([`bluejay-graphql:${version}`]);
});
