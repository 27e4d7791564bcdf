import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { parseEnvironment, readDockerfile } from '../../scripts/dockerfile.ts';
import { readYaml } from './manifests.ts';

/** For the primary to kill workers that do not stop, for the last lines of the log, for the container's runtime. */
export const spareMs = 2_000;

export interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly name: string; readonly literals: readonly string[] }[];
}

export const readKustomization = () => readYaml('deploy/kubernetes/kustomization.yaml') as Kustomization;

/** The variables that the image sets. */
export function readImageEnvironment(): Record<string, string> {
  const settings = readDockerfile().filter(({ keyword }) => keyword === 'ENV');
  return Object.assign({}, ...settings.map(({ text }) => parseEnvironment(text))) as Record<string, string>;
}

/** What the container in Kubernetes gets, apart from the image's; a Secret's values are made up. */
export function readContainerEnvironment(): Record<string, string> {
  const literals = readKustomization().configMapGenerator.flatMap((generator) => generator.literals);
  const deployment = readYaml('deploy/kubernetes/deployment.yaml') as IDeployment;
  const secrets = deployment.spec?.template.spec?.containers[0]?.env ?? [];
  return Object.fromEntries([
    ...literals.map((literal) => literal.split(/=(.*)/, 2)),
    ...secrets.map(({ name }) => [name, 'a-secret-of-some-kind']),
  ]) as Record<string, string>;
}

export interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image: string;
        readonly environment?: Readonly<Record<string, string>>;
        readonly volumes?: readonly string[];
        readonly stop_grace_period?: string;
      }
    >
  >;
}

/** What the gateway's container gets from compose, where the caller's environment has the secrets alone. */
export function readComposeEnvironment(): Record<string, string> {
  const entries = Object.entries(readCompose().services['gateway']?.environment ?? {});
  const value = (text: string) =>
    text.replace(/\$\{\w+:-(.*)\}/, '$1').replace(/\$\{\w+:\?.*\}/, 'a-secret-of-some-kind');
  return Object.fromEntries(entries.map(([name, text]) => [name, value(text)]));
}

export const readCompose = () => readYaml('deploy/compose.yaml') as Compose;
