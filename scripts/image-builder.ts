import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Copy, DockerfileParser, Entrypoint, Env, From, Healthcheck, User, Workdir } from 'dockerfile-ast';

/** The last stage of a Dockerfile, ready to be started. */
export interface Image {
  /** Where its working directory is on this machine. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Empty without the right to be somebody else: everything is done as the caller then. */
  readonly user: { readonly uid?: number; readonly gid?: number };
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
}

export interface BuildOptions {
  /** A file that exists and is to be copied by `COPY`: the `.dockerignore` has its say too. */
  readonly contextFiles: readonly string[];
  /** An empty folder. */
  readonly into: string;
  /** For the commands of `RUN`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onStep: (step: string) => void;
}

/**
 * Takes the steps of `./Dockerfile` without an engine. The base images are taken for this machine, so a `RUN`
 * that changes them (it names `/usr`) is passed over; instructions that it does not know are refused.
 */
export function buildImage({ contextFiles, into, environment, onStep }: BuildOptions): Image {
  // Each stage is built in the same folder: what depends on paths stays right when it is copied on.
  const root = join(into, 'stage');
  const context = join(into, 'context');
  for (const file of contextFiles.filter(createContextFilter())) cpSync(file, join(context, file));
  const stages = new Map<string, string>();
  let stage = '';
  const empty = { folder: root, workdir: '/', environment: {}, user: {}, entrypoint: [], healthcheck: [] };
  let image: Image & { workdir: string } = empty;

  for (const instruction of DockerfileParser.parse(readFileSync('Dockerfile', 'utf8')).getInstructions()) {
    const text = instruction.getArgumentsContent() ?? '';
    onStep(`${instruction.getKeyword()} ${text}`);
    if (instruction instanceof From) {
      if (existsSync(root)) {
        stages.set(stage, join(into, `stage-${stage}`));
        renameSync(root, join(into, `stage-${stage}`));
      }
      mkdirSync(root);
      image = empty;
      stage = instruction.getBuildStage() ?? 'last';
    } else if (instruction instanceof Workdir) {
      const workdir = resolve(image.workdir, text);
      image = { ...image, workdir, folder: join(root, workdir) };
      mkdirSync(image.folder, { recursive: true });
    } else if (instruction instanceof Copy) {
      const flag = instruction.getFromFlag()?.getValue();
      const from = typeof flag === 'string' ? (stages.get(flag) ?? `no stage ${flag}`) : context;
      const paths = instruction.getArguments().map((argument) => argument.getValue());
      copy(paths.slice(0, -1), from, image.folder, paths.at(-1) ?? '');
    } else if (instruction instanceof Env) {
      const entries = instruction.getProperties().map((entry) => [entry.getName(), entry.getValue() ?? '']);
      image = { ...image, environment: { ...image.environment, ...Object.fromEntries(entries) } };
    } else if (instruction instanceof User) {
      const [uid, gid] = text.split(':').map(Number);
      if (uid === undefined || gid === undefined) throw new Error(`USER ${text}: expected uid:gid`);
      if (process.getuid?.() === 0) image = { ...image, user: { uid, gid } };
    } else if (instruction instanceof Entrypoint) {
      image = { ...image, entrypoint: instruction.getJSONStrings().map((part) => part.getJSONValue()) };
    } else if (instruction instanceof Healthcheck) {
      image = { ...image, healthcheck: JSON.parse(text.slice(text.indexOf('['))) as string[] };
    } else if (instruction.getKeyword() === 'RUN') {
      if (/\s\/usr\//.test(text)) continue;
      run(text, image, environment);
    } else if (instruction.getKeyword() !== 'EXPOSE') {
      throw new Error(`${instruction.getKeyword()} is new here: teach it to scripts/image-builder.ts.`);
    }
  }
  return image;
}

/** Of the `.dockerignore`: `*`, and then what is let in. */
function createContextFilter(): (file: string) => boolean {
  const [everything, ...exceptions] = readFileSync('.dockerignore', 'utf8').trim().split('\n');
  if (everything !== '*' || exceptions.some((line) => !line.startsWith('!'))) {
    throw new Error('.dockerignore: expected `*`, and then lines with `!`.');
  }
  const allowed = exceptions.map((line) => line.slice(1));
  return (file) => allowed.some((path) => file === path || file.startsWith(`${path}/`));
}

/** As Docker does: of a folder its contents, into a folder if there are several or it ends with a slash. */
function copy(sources: readonly string[], from: string, folder: string, destination: string): void {
  for (const source of sources) {
    const path = join(from, source);
    const intoFolder = sources.length > 1 || destination.endsWith('/');
    const target = join(
      folder,
      destination,
      intoFolder && !statSync(path).isDirectory() ? basename(source) : '',
    );
    mkdirSync(dirname(target), { recursive: true });
    cpSync(path, target, { recursive: true, verbatimSymlinks: true });
  }
}

function run(command: string, image: Image, environment: BuildOptions['environment']): void {
  const { status } = spawnSync('sh', ['-c', command], {
    ...image.user,
    cwd: image.folder,
    env: { ...environment, ...image.environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`RUN ${command} ended with ${status}.`);
}
