import { readFileSync } from 'node:fs';
import { DockerfileParser } from 'dockerfile-ast';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { expect, test } from 'vitest';
import { readYaml } from './manifests.ts';

const dockerfile = DockerfileParser.parse(readFileSync('Dockerfile', 'utf8'));
const { version, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  devDependencies: Record<string, string>;
};
const pod = (readYaml('deploy/kubernetes/deployment.yaml') as IDeployment).spec?.template.spec;

test('the image brings the Node.js that everything is tested on', () => {
  const tags = dockerfile.getFROMs().map((from) => `${from.getImageName()}:${from.getImageTag()}`);
  const expected = `node:${devDependencies['node']}-trixie-slim`;
  expect(tags).toEqual([expected, expected]);
});

test('the user of the image is the one that Kubernetes runs it as', () => {
  const users = dockerfile.getInstructions().filter((instruction) => instruction.getKeyword() === 'USER');
  const { runAsUser, runAsGroup, runAsNonRoot } = pod?.securityContext ?? {};
  expect(runAsNonRoot).toBe(true);
  expect(users.at(-1)?.getArgumentsContent()).toBe(`${runAsUser}:${runAsGroup}`);
});

test('Kubernetes runs the image of this version', () => {
  expect(pod?.containers.map(({ image }) => image)).toEqual([`bluejay-graphql:${version}`]);
});
