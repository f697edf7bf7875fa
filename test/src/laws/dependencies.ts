import { isBuiltin } from 'node:module';
import { packageOf } from './imports.js';
import { importsOf } from './source-text.js';
import { isTest, type Law, type Manifest, type Project, projectsOf } from './source-tree.js';

const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/** What a project imports is in its package.json, be it that its user has it. Tests may use the tools of the workspace, too. */
export const nothingMissing: Law = (files) => {
  const tools = Object.keys(rootOf(files).devDependencies ?? {});
  return projectsOf(files).flatMap(({ manifest, sources }) =>
    sources.flatMap(({ path, text }) => {
      const forTests = [
        ...tools,
        '@goflow/testing',
        ...Object.keys(manifest.devDependencies ?? {}),
      ];
      const known = [
        ...Object.keys(manifest.dependencies ?? {}),
        ...Object.keys(manifest.peerDependencies ?? {}),
        ...(isTest(path) ? forTests : []),
      ];
      return importsOf(text)
        .map(({ specifier, line }) => ({ name: packageOf(specifier), line }))
        .filter(({ name }) => name !== '' && !isBuiltin(name) && !known.includes(name))
        .map(({ name, line }) => `${path}:${line} imports ${name}, which its package.json lacks`);
    }),
  );
};

/** What is in a package.json is imported, or needed by a package that travels inside this one. */
export const nothingUnused: Law = (files) => {
  const projects = projectsOf(files);
  return projects.flatMap((project) => {
    const used = new Set([
      ...importedBy(project),
      ...inheritedBy(project, projects).map(([name]) => name),
    ]);
    return Object.keys(project.manifest.dependencies ?? {})
      .filter((name) => !used.has(name))
      .map((name) => `${project.folder}/package.json: ${name} is not used`);
  });
};

/** A published package carries its private ones, and lists what they need. Other published ones come by themselves. */
export const selfContained: Law = (files) => {
  const projects = projectsOf(files);
  const published = projects.filter(({ manifest }) => manifest.private !== true);
  const names = new Set(published.map(({ manifest }) => manifest.name));
  return published.flatMap((project) => {
    const { dependencies = {}, bundleDependencies = [] } = project.manifest;
    const needed = inheritedBy(project, projects);
    const internal = new Set(
      [...Object.keys(dependencies), ...needed.map(([name]) => name)].filter(isInternal),
    );
    return [
      ...[...internal]
        .filter((name) => !names.has(name) && !bundleDependencies.includes(name))
        .map((name) => `${project.folder}/package.json: ${name} is private and not bundled`),
      ...needed
        .filter(([name, version]) => dependencies[name] !== version)
        .map(([name, version]) => `${project.folder}/package.json: lacks ${name} ${version}`),
    ];
  });
};

/** Versions are exact, and one package has one version in the whole workspace. */
export const exactVersions: Law = (files) => {
  const versions = new Map(
    projectsOf(files).map(({ manifest }) => [manifest.name, manifest.version]),
  );
  const manifests = [{ folder: '.', manifest: rootOf(files) }, ...projectsOf(files)];
  return manifests.flatMap(({ folder, manifest }) =>
    Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).flatMap(
      ([name, version]) => {
        const first = versions.get(name) ?? version;
        versions.set(name, first);
        if (!EXACT.test(version))
          return [`${folder}/package.json: ${name} ${version} is not exact`];
        return first === version ? [] : [`${folder}/package.json: ${name} is ${first} elsewhere`];
      },
    ),
  );
};

/** What the bundled packages of a project need, all the way down. */
function inheritedBy(project: Project, all: readonly Project[]): readonly [string, string][] {
  const queue = [...(project.manifest.bundleDependencies ?? [])];
  const found = new Map<string, string>();
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const manifest = all.find((one) => one.manifest.name === name)?.manifest;
    for (const [dependency, version] of Object.entries(manifest?.dependencies ?? {})) {
      if (isInternal(dependency) && !found.has(dependency)) queue.push(dependency);
      found.set(dependency, version);
    }
  }
  return [...found];
}

/** In a package that is shipped a test is no reason to depend on something. */
function importedBy({ folder, sources }: Project): readonly string[] {
  const shipped = /^(?:apps|libs)\//.test(folder) && folder !== 'libs/testing';
  return sources
    .filter(({ path }) => !shipped || !isTest(path))
    .flatMap(({ text }) => importsOf(text).map(({ specifier }) => packageOf(specifier)));
}

const isInternal = (name: string): boolean => name.startsWith('@goflow/');

function rootOf(files: Parameters<Law>[0]): Manifest {
  const root = files.find(({ path }) => path === 'package.json');
  return root ? (JSON.parse(root.text) as Manifest) : { name: 'none' };
}
